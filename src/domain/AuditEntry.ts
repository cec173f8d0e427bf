/**
 * An entry of the audit. It records a change to the routing of turns or to API keys, a read of users' data, or an
 * erasure.
 */
import * as Schema from "effect/Schema"
import { Actor } from "./Actor.ts"

/** UUIDv7, made in order, so entries sort by time. */
export const AuditId = Schema.String.check(Schema.isUUID(7)).pipe(Schema.brand("AuditId"))
export type AuditId = typeof AuditId.Type

export const AuditEntry = Schema.Struct({
  id: AuditId,
  /** Epoch milliseconds. */
  at: Schema.Int,
  by: Actor,
  /** `<part>.<verb>`: `rollout.change`, `key.create`, `key.revoke`, `runs.list`, `runs.read`, `user.export`. */
  action: Schema.String,
  reason: Schema.NullOr(Schema.String),
  /** Values before and after; only the changed parts. A read has its object in `after`. */
  before: Schema.Json,
  after: Schema.Json,
})
export type AuditEntry = typeof AuditEntry.Type
