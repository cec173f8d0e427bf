/** The refusal of a request by a limit. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type RefusalReason, refusalReasons } from "../domain/Refusal.ts"
import * as Measure from "../telemetry/Measure.ts"
import type { NoPlace } from "./OpenStreams.ts"

export class AdmissionRejected extends Schema.TaggedError<AdmissionRejected>()("AdmissionRejected", {
  reason: Schema.Literals(refusalReasons),
  /** Seconds. */
  retryAfter: Schema.Int,
}) {}

/** A stream or a run ends any moment, but not for all that wait. */
export const soonMs = 2000

export const rejected = (reason: RefusalReason, retryMs: number): Effect.Effect<never, AdmissionRejected> => {
  const retryAfter = Math.max(1, Math.ceil(retryMs / 1000))
  return Effect.andThen(Measure.refused(reason), Effect.fail(new AdmissionRejected({ reason, retryAfter })))
}

export const noPlace = ({ kind, of }: NoPlace) => rejected(`${of}_${kind}`, soonMs)
