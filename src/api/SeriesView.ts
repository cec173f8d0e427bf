/** The figures of both modes over the last minutes, for charts: `GET /api/v1/runtime/series`. Times are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { BreakerState } from "../domain/BreakerState.ts"

/** Null: no attempt ended in that time. */
const figure = Schema.NullOr(Schema.Finite)

const SeriesMode = Schema.Struct({
  /** Ended attempts a second. */
  perSecond: Schema.Finite,
  successRate: figure,
  errorRate: figure,
  timeoutRate: figure,
  avgLatencyMs: figure,
  p50LatencyMs: figure,
  p95LatencyMs: figure,
  p99LatencyMs: figure,
  p50FirstContentMs: figure,
  p95FirstContentMs: figure,
  /** Attempts of users under way in the answering process. */
  inFlight: Schema.Int,
})

/** The figures cover the last `spanMs` before `at`. */
export const SeriesPoint = Schema.Struct({
  at: Schema.Int,
  /** The global breaker. */
  state: BreakerState,
  /** The share of sessions that may use the runtime. */
  share: Schema.Finite,
  modes: Schema.Struct({ runtime_orchestrator: SeriesMode, direct_llm: SeriesMode }),
})
export type SeriesPoint = typeof SeriesPoint.Type

export const Series = Schema.Struct({
  replica: Schema.String,
  /** The time between two points. */
  intervalMs: Schema.Int,
  /** The time that each point covers. */
  spanMs: Schema.Int,
  /** Oldest first. */
  points: Schema.Array(SeriesPoint),
})
export type Series = typeof Series.Type
