/**
 * Node ends the process at a promise that fails and that nobody waits for. Here it is logged as a bug instead: it concerns one
 * piece of work, and ending the process would break the streams of all users. An exception outside of every promise still
 * ends the process, since what it has left behind is unknown.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export const layer: Layer.Layer<never> = Layer.effectDiscard(
  Effect.gen(function* () {
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const log = (reason: unknown) => {
      run(Effect.logError("a promise failed that nobody waits for", reason))
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("unhandledRejection", log)),
      () => Effect.sync(() => process.off("unhandledRejection", log)),
    )
  }),
)
