/**
 * Port: the runs of a rollout's two cohorts for comparison, and the ratings of their answers. It returns each run once,
 * in the order of the starts. It stops at the oldest running run. Otherwise quick runs would count before slow ones.
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

/**
 * The rated answers of one cohort, as sums over its rated sessions. A session has `n` rated answers, and `y` of them
 * are thumbs down. The other sums are of their products.
 */
export interface CohortRatings {
  readonly sessions: number
  readonly n: number
  readonly y: number
  readonly nn: number
  readonly ny: number
  readonly yy: number
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
    /**
     * The current ratings in sessions that started at or after `since`. Runs that started in a gap do not count. A
     * rating may be added, changed or withdrawn at any time, so each call reads all of them.
     */
    readonly ratings: (from: {
      readonly since: number
      readonly gaps: ReadonlyArray<{ readonly from: number; readonly to: number }>
    }) => Effect.Effect<{ readonly treatment: CohortRatings; readonly control: CohortRatings }, StoreError>
  }
>()("crossfade/store/CohortRuns") {}

export const noRatings: CohortRatings = { sessions: 0, n: 0, y: 0, nn: 0, ny: 0, yy: 0 }
