/**
 * The events that a replica sends to the others, so that all replicas judge the same evidence: the inputs of its own Monitor,
 * in their order. Nothing is summed up, so nothing can be counted twice.
 *
 * Times are epoch milliseconds of the clock that reads them; `FleetLink` translates.
 */
import * as Schema from "effect/Schema"
import { OrgId } from "../../domain/Ids.ts"
import { ExecutionMode } from "../../domain/Mode.ts"
import { Outcome } from "../../domain/Outcome.ts"

/** A number of the sender's own, from 1. */
const attempt = Schema.Int

export const HealthEvent = Schema.Union([
  Schema.TaggedStruct("started", {
    at: Schema.Finite,
    attempt,
    orgId: OrgId,
    /** The epoch of the global breaker when the turn was admitted. */
    globalEpoch: Schema.Int,
  }),
  Schema.TaggedStruct("progressed", { at: Schema.Finite, attempt }),
  Schema.TaggedStruct("ended", {
    at: Schema.Finite,
    /** Or one of the two below. */
    attempt,
    orgId: OrgId,
    mode: ExecutionMode,
    outcome: Outcome,
    latencyMs: Schema.Finite,
    /** The user cancelled it; the outcome is neutral. */
    cancelled: Schema.optionalKey(Schema.Boolean),
  }),
  /** Its end will not be sent. */
  Schema.TaggedStruct("forgotten", { at: Schema.Finite, attempt }),
  Schema.TaggedStruct("probed", {
    at: Schema.Finite,
    startedAt: Schema.Finite,
    globalEpoch: Schema.Int,
    result: Schema.Literals(["good", "bad", "neutral"]),
  }),
  /** An operator's reset voids the evidence against the organisation, or against all. */
  Schema.TaggedStruct("reset", { at: Schema.Finite, orgId: Schema.NullOr(OrgId) }),
])
export type HealthEvent = typeof HealthEvent.Type

/** For a runtime attempt without a ticket: it counts under the epochs of its end. */
export const withoutTicket = -1
/** For a leased probe, whose result is in the breaker's state, and for direct mode. */
export const notJudged = 0
