/**
 * The last 15 minutes of both modes as this process sees them: one point each 5 s, for charts that have a time axis when they
 * open. Each point covers at least 30 s, because 5 s have too few attempts for a percentile.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type { BreakerState } from "../domain/BreakerState.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import * as Loop from "../telemetry/Loop.ts"
import type * as SlidingWindow from "./evidence/SlidingWindow.ts"
import { Monitor } from "./Monitor.ts"
import { type Activity, RecentTurns } from "./RecentTurns.ts"

export const intervalMs = 5000
export const spanMs = 30_000
/** 15 minutes; about 100 KB. */
export const mostPoints = 180

/** Null: no attempt ended in the span. */
interface ModePoint extends Activity {
  readonly perSecond: number
  readonly successRate: number | null
  readonly errorRate: number | null
  readonly timeoutRate: number | null
  readonly avgLatencyMs: number | null
  readonly p50LatencyMs: number | null
  readonly p95LatencyMs: number | null
  readonly p99LatencyMs: number | null
}

export interface Point {
  readonly at: number
  readonly state: BreakerState
  readonly share: number
  readonly modes: Readonly<Record<ExecutionMode, ModePoint>>
}

/** `coveredMs`: the time that the summary covers, since the start of the process. */
const modePoint = (summary: SlidingWindow.Summary, activity: Activity, coveredMs: number): ModePoint => {
  const { success, total } = summary
  const ofAttempts = (figure: number): number | null => (total === 0 ? null : figure)
  return {
    perSecond: total / (Math.max(intervalMs, coveredMs) / 1000),
    successRate: ofAttempts(success / total),
    errorRate: ofAttempts(summary.errorRate),
    timeoutRate: ofAttempts(summary.timeoutRate),
    avgLatencyMs: ofAttempts(summary.avgLatencyMs),
    p50LatencyMs: ofAttempts(summary.p50LatencyMs),
    p95LatencyMs: ofAttempts(summary.p95LatencyMs),
    p99LatencyMs: ofAttempts(summary.p99LatencyMs),
    ...activity,
  }
}

/** Drops the oldest point of a full list. */
export const append = (points: ReadonlyArray<Point>, point: Point): ReadonlyArray<Point> => [
  ...points.slice(-(mostPoints - 1)),
  point,
]

export class Series extends Context.Service<
  Series,
  {
    /** Oldest first. */
    readonly points: Effect.Effect<ReadonlyArray<Point>>
    /** Undefined before the first sample. */
    readonly newest: Effect.Effect<Point | undefined>
  }
>()("crossfade/monitoring/Series") {
  static readonly layer: Layer.Layer<Series, never, Monitor | RecentTurns> = Layer.effect(
    Series,
    Effect.suspend(() => make),
  )
}

const make = Effect.gen(function* () {
  const monitor = yield* Monitor
  const turns = yield* RecentTurns
  const clock = yield* Clock.clockWith(Effect.succeed)
  const startedAt = monotonicMillis(clock)
  const ref = yield* Ref.make<ReadonlyArray<Point>>([])

  const sample = Effect.gen(function* () {
    const at = yield* Clock.currentTimeMillis
    const recent = yield* monitor.recent(spanMs)
    const { modes, share, state } = recent
    const coveredMs = Math.min(recent.coveredMs, monotonicMillis(clock) - startedAt)
    const of = (mode: ExecutionMode) => modePoint(modes[mode], turns.activity(mode, at, spanMs), coveredMs)
    const point: Point = {
      at,
      state,
      share,
      modes: { runtime_orchestrator: of("runtime_orchestrator"), direct_llm: of("direct_llm") },
    }
    yield* Ref.update(ref, (points) => append(points, point))
  })
  yield* Loop.every("health_series", Schedule.spaced(intervalMs), sample)

  const points = Ref.get(ref)
  return Series.of({ points, newest: Effect.map(points, (all) => all.at(-1)) })
})
