/**
 * A planned stop, before anything else is torn down: no turn is taken any more and readiness says so, the runs go on for
 * as long as they may, and what is left then is ended with an error that can be sent again.
 *
 * It must be the outermost layer: what is built last is released first, while the server still answers.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { Shutdown } from "../runs/Shutdown.ts"

const look = Schedule.spaced("50 millis")
/** The end of a run is stored before it is told; a store that is away is not waited for. */
const longestEnd = "10 seconds"

export const layer = (graceMs: number): Layer.Layer<never, never, LiveRuns | Shutdown> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const live = yield* LiveRuns
      const stopping = yield* Shutdown
      const quiet = Effect.repeat(
        Effect.sync(() => live.count()),
        { until: (count) => count === 0, schedule: look },
      )
      yield* Effect.addFinalizer(() =>
        Effect.gen(function* () {
          yield* stopping.begin
          yield* Effect.logInfo(`stopping: ${live.count()} runs may go on for ${graceMs} ms`)
          yield* Effect.timeoutOption(quiet, graceMs)
          const left = live.count()
          yield* stopping.end
          if (left > 0) yield* Effect.logWarning(`${left} runs are ended by the stop`)
          yield* Effect.timeoutOption(live.cancelAll, longestEnd)
          yield* stopping.close
        }).pipe(Effect.interruptible),
      )
    }),
  )
