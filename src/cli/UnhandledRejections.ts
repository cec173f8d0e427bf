/**
 * By default an unhandled promise rejection ends the process. Here it is logged as a bug instead: it concerns one
 * piece of work, and an exit would break the streams of all users. An uncaught exception still ends the process,
 * because it may leave broken state behind.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export const layer: Layer.Layer<never> = Layer.effectDiscard(
  Effect.gen(function* () {
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const log = (reason: unknown) => {
      run(Effect.logError("unhandled promise rejection", reason))
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("unhandledRejection", log)),
      () => Effect.sync(() => process.off("unhandledRejection", log)),
    )
  }),
)
