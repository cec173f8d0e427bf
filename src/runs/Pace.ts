/** Slows down large runs while the process is busy (`PaceRule`), so that other turns keep their speed. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type EventLoopUtilization, performance } from "node:perf_hooks"
import { freeBytes, PaceRule } from "./PaceRule.ts"

/** Milliseconds between two measurements of the event loop. */
const measuredEveryMs = 250

export class Pace extends Context.Service<
  Pace,
  {
    /** The pause after a run's last `bytes`, when it has `total` bytes. Undefined when no pause is needed. */
    readonly wait: (total: number, bytes: number) => Effect.Effect<void> | undefined
  }
>()("crossfade/runs/Pace") {
  static readonly layer: Layer.Layer<Pace> = Layer.sync(Pace, () => {
    const rule = new PaceRule()
    const idle = makeIdle()
    return Pace.of({
      wait: (total, bytes) => {
        if (total < freeBytes) return undefined
        const now = performance.now()
        const ms = rule.take(bytes, now, idle(now))
        return ms < 1 ? undefined : pause(ms)
      },
    })
  })
}

/** Uses the real clock, like the measurement: a test clock does not show how busy the process is. */
const pause = (ms: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), ms)
    return Effect.sync(() => clearTimeout(timer))
  })

/** The fraction of the last quarter of a second in which the event loop was idle. */
const makeIdle = () => {
  let from: EventLoopUtilization = performance.eventLoopUtilization()
  let measuredAt = Number.NEGATIVE_INFINITY
  let idle = 1
  return (now: number): number => {
    if (now - measuredAt < measuredEveryMs) return idle
    measuredAt = now
    idle = 1 - performance.eventLoopUtilization(from).utilization
    from = performance.eventLoopUtilization()
    return idle
  }
}
