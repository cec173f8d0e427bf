/**
 * How far a planned stop has come, for whoever has to know: who takes turns, who tells readers why their run ended, who
 * says whether the service is ready. Only `chat/Drain.ts` moves it on.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

export class ShuttingDown extends Schema.TaggedError<ShuttingDown>()("ShuttingDown", {}) {}

export class Stopping extends Context.Service<
  Stopping,
  {
    /** Fails once no turn is taken any more. */
    readonly open: Effect.Effect<void, ShuttingDown>
    readonly begin: Effect.Effect<void>
    /** Whether what is still running is being ended. */
    readonly isEnding: Effect.Effect<boolean>
    /** Succeeds when what is still running is being ended. */
    readonly ending: Effect.Effect<void>
    readonly end: Effect.Effect<void>
  }
>()("crossfade/runs/Stopping") {
  static readonly layer: Layer.Layer<Stopping> = Layer.effect(
    Stopping,
    Effect.gen(function* () {
      let taking = true
      let ending = false
      const ended = yield* Latch.make(false)
      return {
        open: Effect.suspend(() => (taking ? Effect.void : new ShuttingDown())),
        begin: Effect.sync(() => {
          taking = false
        }),
        isEnding: Effect.sync(() => ending),
        ending: ended.await,
        end: Effect.suspend(() => {
          ending = true
          return Effect.asVoid(ended.open)
        }),
      }
    }),
  )
}
