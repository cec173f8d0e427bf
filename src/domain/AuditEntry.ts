/** One change that an operator, or the service for them, made to where turns go. */
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
  /** `rollout.change`, and whatever else can be done to the rollout: `<part>.<verb>`. */
  action: Schema.String,
  reason: Schema.NullOr(Schema.String),
  /** Of what was changed, and nothing else: the values as they were, and as they are. */
  before: Schema.Json,
  after: Schema.Json,
})
export type AuditEntry = typeof AuditEntry.Type
