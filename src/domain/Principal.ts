/** The caller, taken from the verified token, never from a request body. */
import type { OrgId, UserId } from "./Ids.ts"
import { isOperatorPermission } from "./Operators.ts"

export interface Principal {
  readonly orgId: OrgId
  readonly userId: UserId
  /** As granted, wildcards included: `*`, `chat:*`, `chat:read`. */
  readonly permissions: ReadonlyArray<string>
}

/** `*` grants all but the operators' permissions. */
const grants = (granted: string, required: string): boolean =>
  (granted === "*" && !isOperatorPermission(required)) ||
  granted === required ||
  (granted.endsWith(":*") && required.startsWith(granted.slice(0, -1)))

/** The required permissions that `principal` lacks; every one must be granted (ALL-of). */
export const missingPermissions = (
  principal: Principal,
  required: ReadonlyArray<string>,
): ReadonlyArray<string> =>
  required.filter((permission) => !principal.permissions.some((granted) => grants(granted, permission)))
