/**
 * The targets of turns in order of preference within each mode. Each is a layer of `Executor`, built once. A test
 * passes other layers and changes nothing else.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AttachmentKind } from "../domain/Attachment.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import { Executor, rulesOf, type RunsOn, type Turn } from "./Executor.ts"
import { carries } from "./files/AttachmentRules.ts"

export class Modes extends Context.Service<
  Modes,
  {
    /** The targets of a mode, first choice first. Empty if the mode is not configured. */
    readonly targets: (mode: ExecutionMode) => ReadonlyArray<Context.Context<Executor>>
    /** The targets of a mode that take the files of a turn. */
    readonly takers: (
      mode: ExecutionMode,
      turn: Pick<Turn, "agent" | "attachments">,
    ) => ReadonlyArray<Executor["Service"]>
    /** The kinds of files that each target of a mode takes in the turns of an agent. */
    readonly takes: (mode: ExecutionMode, agent: RunsOn) => ReadonlyArray<ReadonlyArray<AttachmentKind>>
  }
>()("crossfade/execution/Modes") {
  static readonly layer = <E, R>(
    executors: ReadonlyArray<Layer.Layer<Executor, E, R>>,
  ): Layer.Layer<Modes, E, R> =>
    Layer.effect(
      Modes,
      Effect.gen(function* () {
        const contexts = yield* Effect.forEach(executors, (layer) => Layer.build(layer))
        const targets = (mode: ExecutionMode) =>
          contexts.filter((context) => Context.get(context, Executor).mode === mode)
        const ofMode = (mode: ExecutionMode) => targets(mode).map((context) => Context.get(context, Executor))
        return Modes.of({
          targets,
          takers: (mode, { agent, attachments }) =>
            ofMode(mode).filter((executor) =>
              carries(
                rulesOf(executor, agent),
                attachments.map(({ kind }) => kind),
              ),
            ),
          takes: (mode, agent) => ofMode(mode).map((executor) => rulesOf(executor, agent).kinds),
        })
      }),
    )
}
