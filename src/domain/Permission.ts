/** The meaning of a granted permission. Pure, without a schema, so that the console decides by the same rule. */
import { isOperatorPermission } from "./Operators.ts"

/** `*` grants everything except operators' permissions. `chat:*` grants all that begin with `chat:`. */
export const grants = (granted: string, required: string): boolean =>
  (granted === "*" && !isOperatorPermission(required)) ||
  granted === required ||
  (granted.endsWith(":*") && required.startsWith(granted.slice(0, -1)))
