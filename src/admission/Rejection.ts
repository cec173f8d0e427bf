/** The error of a request that a limit rejects. */
import * as Schema from "effect/Schema"
import { type RefusalReason, refusalReasons } from "../domain/RejectionReason.ts"
import type { NoPlace } from "./OpenStreams.ts"
import type { Taken } from "./TokenBucket.ts"

const Rate: Schema.Codec<Taken> = Schema.Struct({
  allowed: Schema.Boolean,
  limit: Schema.Finite,
  remaining: Schema.Finite,
  resetMs: Schema.Finite,
  retryMs: Schema.Finite,
})

export class AdmissionRejected extends Schema.TaggedError<AdmissionRejected>()("AdmissionRejected", {
  reason: Schema.Literals(refusalReasons),
  /** Seconds. */
  retryAfter: Schema.Int,
  /** The strictest rate of a refused turn. Absent when no rate was checked. */
  rate: Schema.optional(Rate),
}) {}

export const withRate = (
  { reason, retryAfter }: AdmissionRejected,
  rate: Taken | undefined,
): AdmissionRejected => new AdmissionRejected({ reason, retryAfter, rate })

/** Streams and runs end all the time, so a place is free soon, though not for every waiting client. */
export const soonMs = 2000

/** Whole seconds until the next try; at least one. */
export const retrySeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

export const rejected = (reason: RefusalReason, retryMs: number): AdmissionRejected =>
  new AdmissionRejected({ reason, retryAfter: retrySeconds(retryMs) })

export const noPlace = ({ kind, of }: NoPlace) => rejected(`${of}_${kind}`, soonMs)
