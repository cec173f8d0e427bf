/** The user who makes a change, and the request that carries it. Stored with the change. */
import * as Schema from "effect/Schema"
import { ApiKeyId, OrgId } from "./Ids.ts"

export const Actor = Schema.Struct({
  /** Null for a part of the service, which `userId` names. */
  orgId: Schema.NullOr(OrgId),
  userId: Schema.String,
  requestId: Schema.NullOr(Schema.String),
  /** The API key of the request. */
  keyId: Schema.optionalKey(ApiKeyId),
})
export type Actor = typeof Actor.Type

/** The person's name in texts for operators. */
export const nameOf = ({ orgId, userId }: Actor): string =>
  orgId === null ? userId : `${userId} of ${orgId}`
