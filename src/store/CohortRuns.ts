/**
 * The runs of a rollout's two cohorts, as a comparison needs them: read once each, in the order in which they began. Beyond
 * the oldest run that still goes on nothing is read, or the quick ones would be seen before the slow ones.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

export interface CohortRun {
  readonly sessionId: string
  readonly cohort: "treatment" | "control"
  readonly status: "completed" | "failed" | "cancelled"
  /** The user sent the message before once more. */
  readonly repeats: boolean
  /** Attempts of the answer, shadows not among them. */
  readonly attempts: number
  /** As the user sees it: from the run's begin to the first content of any attempt. */
  readonly firstContentMs: number | null
  /** From the run's begin to its end, however it ended. */
  readonly totalMs: number
  /** As the run ended; where the upstream reported none, the service's guess. Null: there was no answer. */
  readonly tokens: number | null
  readonly createdAt: number
}

/** The place of the last run that was read. */
export interface Watermark {
  readonly createdAt: number
  readonly runId: string
}

export class CohortRuns extends Context.Service<
  CohortRuns,
  {
    /**
     * Runs after the watermark of sessions that began at or after `since`; at most `limit` of them. No run is given twice,
     * when the watermark that comes back is the next one's.
     */
    readonly read: (from: {
      readonly since: number
      readonly after: Watermark
      readonly now: number
      readonly limit: number
    }) => Effect.Effect<
      { readonly runs: ReadonlyArray<CohortRun>; readonly watermark: Watermark },
      StoreError
    >
  }
>()("crossfade/store/CohortRuns") {}
