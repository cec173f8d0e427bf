/** The user behind a change, and its request. Stored with the change. */
import * as Schema from "effect/Schema"
import { ApiKeyId, OrgId } from "./Ids.ts"

export const Actor = Schema.Struct({
  /** Null: no user but a part of the service, which `userId` names. */
  orgId: Schema.NullOr(OrgId),
  userId: Schema.String,
  requestId: Schema.NullOr(Schema.String),
  /** The API key that the request was sent with. */
  keyId: Schema.optionalKey(ApiKeyId),
})
export type Actor = typeof Actor.Type
