/** Measures how busy the process is. The event loop counts by itself, so there is no cost between two reads. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { performance } from "node:perf_hooks"

export class LoadMeter extends Context.Service<
  LoadMeter,
  {
    /** The share of the time since the last read in which the event loop was busy, 0 to 1. */
    readonly utilization: Effect.Effect<number>
  }
>()("crossfade/shadow/LoadMeter") {
  static readonly layer: Layer.Layer<LoadMeter> = Layer.sync(LoadMeter, () => {
    let last = performance.eventLoopUtilization()
    return LoadMeter.of({
      utilization: Effect.sync(() => {
        const now = performance.eventLoopUtilization()
        const { utilization } = performance.eventLoopUtilization(now, last)
        last = now
        return utilization
      }),
    })
  })
}
