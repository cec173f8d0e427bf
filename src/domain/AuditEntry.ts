/** A change that operators, or the service for them, made to where turns go, or that users made to API keys. */
import * as Schema from "effect/Schema"
import { Actor } from "./Actor.ts"

/** Version 7 and made in order, so that entries sort as they happened. */
export const AuditId = Schema.String.check(Schema.isUUID(7)).pipe(Schema.brand("AuditId"))
export type AuditId = typeof AuditId.Type

export const AuditEntry = Schema.Struct({
  id: AuditId,
  /** Epoch milliseconds. */
  at: Schema.Int,
  by: Actor,
  /** `<part>.<verb>`: `rollout.change`, `key.create`, `key.revoke`. */
  action: Schema.String,
  reason: Schema.NullOr(Schema.String),
  /** Values before and after, of the changed parts alone. */
  before: Schema.Json,
  after: Schema.Json,
})
export type AuditEntry = typeof AuditEntry.Type
