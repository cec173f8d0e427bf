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

export class Shutdown extends Context.Service<
  Shutdown,
  {
    /** Fails once no turn is taken any more. */
    readonly open: Effect.Effect<void, ShuttingDown>
    readonly begin: Effect.Effect<void>
    /** Whether what is still running is being ended. */
    readonly isEnding: Effect.Effect<boolean>
    readonly end: Effect.Effect<void>
    /** Succeeds when the connections are about to be closed. */
    readonly closing: Effect.Effect<void>
    readonly close: Effect.Effect<void>
  }
>()("crossfade/runs/Shutdown") {
  static readonly layer: Layer.Layer<Shutdown> = Layer.effect(
    Shutdown,
    Effect.gen(function* () {
      let taking = true
      let ending = false
      const closing = yield* Latch.make(false)
      return {
        open: Effect.suspend(() => (taking ? Effect.void : new ShuttingDown())),
        begin: Effect.sync(() => {
          taking = false
        }),
        isEnding: Effect.sync(() => ending),
        end: Effect.sync(() => {
          ending = true
        }),
        closing: closing.await,
        close: Effect.asVoid(closing.open),
      }
    }),
  )
}
