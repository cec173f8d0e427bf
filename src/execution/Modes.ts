/**
 * The targets of turns in order of preference within each mode. Each is a layer of `Executor`, built once. A test
 * passes other layers and changes nothing else.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ExecutionMode } from "../domain/Mode.ts"
import { Executor } from "./Executor.ts"

export class Modes extends Context.Service<
  Modes,
  {
    /** The targets of a mode, first choice first. Empty if the mode is not configured. */
    readonly targets: (mode: ExecutionMode) => ReadonlyArray<Context.Context<Executor>>
  }
>()("crossfade/execution/Modes") {
  static readonly layer = <E, R>(
    executors: ReadonlyArray<Layer.Layer<Executor, E, R>>,
  ): Layer.Layer<Modes, E, R> =>
    Layer.effect(
      Modes,
      Effect.gen(function* () {
        const contexts = yield* Effect.forEach(executors, (layer) => Layer.build(layer))
        return Modes.of({
          targets: (mode) => contexts.filter((context) => Context.get(context, Executor).mode === mode),
        })
      }),
    )
}
