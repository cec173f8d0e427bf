/**
 * A planned stop: `running`, `draining` (no new turns; the live runs may continue), `ending` (the remaining runs are
 * cancelled), `closing` (the connections close). A phase never goes back.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { LiveRuns } from "./LiveRuns.ts"

export class ShuttingDown extends Schema.TaggedError<ShuttingDown>()("ShuttingDown", {}) {}

type Phase = "running" | "draining" | "ending" | "closing"

export class Shutdown extends Context.Service<
  Shutdown,
  {
    /** Fails when the service takes no new turns. */
    readonly open: Effect.Effect<void, ShuttingDown>
    /** True while the remaining runs are being cancelled, and afterwards. */
    readonly isEnding: Effect.Effect<boolean>
    /** Succeeds when the connections are about to close. */
    readonly closing: Effect.Effect<void>
    readonly enter: (phase: Phase) => Effect.Effect<void>
  }
>()("crossfade/runs/Shutdown") {
  static readonly layer: Layer.Layer<Shutdown> = Layer.effect(
    Shutdown,
    Effect.gen(function* () {
      const phase = yield* SubscriptionRef.make<Phase>("running")
      const current = SubscriptionRef.get(phase)
      return Shutdown.of({
        open: Effect.flatMap(current, (now) => (now === "running" ? Effect.void : new ShuttingDown())),
        isEnding: Effect.map(current, (now) => now === "ending" || now === "closing"),
        closing: SubscriptionRef.changes(phase).pipe(
          Stream.takeUntil((now) => now === "closing"),
          Stream.runDrain,
        ),
        enter: (next) => SubscriptionRef.set(phase, next),
      })
    }),
  )
}

const checkEvery = Schedule.spaced("50 millis")
/** Each run's end is stored before its readers see it. The shutdown does not wait longer for an unavailable store. */
const longestEnd = "10 seconds"

/**
 * Shuts down when its scope closes. It must be the outermost layer: layers are released in reverse order, so the server
 * still answers during the shutdown. `graceMs`: the time that live runs may take to finish by themselves.
 */
export const layerDrain = (graceMs: number): Layer.Layer<never, never, LiveRuns | Shutdown> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const live = yield* LiveRuns
      const shutdown = yield* Shutdown
      const idle = Effect.repeat(
        Effect.sync(() => live.count()),
        { until: (count) => count === 0, schedule: checkEvery },
      )
      yield* Effect.addFinalizer(() =>
        Effect.gen(function* () {
          yield* shutdown.enter("draining")
          yield* Effect.logInfo(`stopping: ${live.count()} runs may continue for ${graceMs} ms`)
          yield* Effect.timeoutOption(idle, graceMs)
          const remaining = live.count()
          yield* shutdown.enter("ending")
          if (remaining > 0) yield* Effect.logWarning(`the shutdown cancels ${remaining} runs`)
          yield* Effect.timeoutOption(live.cancelAll, longestEnd)
          yield* shutdown.enter("closing")
        }).pipe(Effect.interruptible),
      )
    }),
  )
