/** Slows down the large runs of this process while it is busy (`PaceRule`), so that all other turns go on as before. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type EventLoopUtilization, performance } from "node:perf_hooks"
import { freeBytes, PaceRule } from "./PaceRule.ts"

/** Milliseconds for which a measurement of the event loop holds. */
const measuredEveryMs = 250

export class Pace extends Context.Service<
  Pace,
  {
    /** A run has come to `total` bytes, the last `bytes` of them now: waits before more is read. Undefined: it need not. */
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

/** By the real clock, as the measurement: a test's clock says nothing about how busy the process is. */
const pause = (ms: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), ms)
    return Effect.sync(() => clearTimeout(timer))
  })

/** The part of the last quarter of a second in which the event loop had nothing to do. */
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
