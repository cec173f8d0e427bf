/** The refusal of a request by a limit. */
import * as Schema from "effect/Schema"
import { type RefusalReason, refusalReasons } from "../domain/RejectionReason.ts"
import type { NoPlace } from "./OpenStreams.ts"

export class AdmissionRejected extends Schema.TaggedError<AdmissionRejected>()("AdmissionRejected", {
  reason: Schema.Literals(refusalReasons),
  /** Seconds. */
  retryAfter: Schema.Int,
}) {}

/** A stream or a run ends any moment, but not for all that wait. */
export const soonMs = 2000

/** Whole seconds until another try; at least one. */
export const retrySeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

export const rejected = (reason: RefusalReason, retryMs: number): AdmissionRejected =>
  new AdmissionRejected({ reason, retryAfter: retrySeconds(retryMs) })

export const noPlace = ({ kind, of }: NoPlace) => rejected(`${of}_${kind}`, soonMs)
