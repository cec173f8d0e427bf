/**
 * Port: the runs of a rollout's two cohorts for comparison, each returned once, in order of their start. It reads
 * nothing beyond the oldest running run; otherwise quick runs would count before slow ones.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

export interface CohortRun {
  readonly sessionId: string
  readonly cohort: "treatment" | "control"
  readonly status: "completed" | "failed" | "cancelled"
  /** True if the user repeated the previous message. */
  readonly repeats: boolean
  /** Attempts of the answer, without shadow attempts. */
  readonly attempts: number
  /** As the user sees it: from the run's start to the first content of any attempt. */
  readonly firstContentMs: number | null
  /** From the run's start to its end, for each kind of end. */
  readonly totalMs: number
  /** The stored value; the service's estimate if the upstream reported none. Null without an answer. */
  readonly tokens: number | null
  readonly createdAt: number
}

/** The position of the last returned run. */
export interface Watermark {
  readonly createdAt: number
  readonly runId: string
}

export class CohortRuns extends Context.Service<
  CohortRuns,
  {
    /**
     * Returns at most `limit` runs after the watermark, of sessions that started at or after `since`. Pass the
     * returned watermark to the next call, and no run is returned twice.
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
