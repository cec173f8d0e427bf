/** Who changed something, and by which request. Written down with the change. */
import * as Schema from "effect/Schema"
import { OrgId } from "./Ids.ts"

export const Actor = Schema.Struct({
  /** Null: no user but a part of the service, which `userId` names. */
  orgId: Schema.NullOr(OrgId),
  userId: Schema.String,
  requestId: Schema.NullOr(Schema.String),
})
export type Actor = typeof Actor.Type
