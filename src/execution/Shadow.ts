/**
 * Shadow runs: the same turn in another mode, unseen. Detached from the answer, dropped rather than queued when too
 * many are under way, kept as attempts marked `shadow`, never counted by the Monitor. The runtime is told
 * (`metadata.shadow`), so that it can leave its tools dry.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ExecutionMode } from "../domain/Mode.ts"
import { Recorder } from "../recording/Recorder.ts"
import { Execution } from "./Execution.ts"
import type { Turn } from "./Executor.ts"

/** A shadow must never be what a user waits for; beyond this many at once they are left out. */
const maxConcurrent = 10

export class Shadow extends Context.Service<
  Shadow,
  { readonly run: (turn: Turn, mode: ExecutionMode) => Effect.Effect<void> }
>()("crossfade/execution/Shadow") {
  static readonly layer: Layer.Layer<Shadow, never, Execution | Recorder> = Layer.effect(
    Shadow,
    Effect.gen(function* () {
      const execution = yield* Execution
      const recorder = yield* Recorder
      const scope = yield* Effect.scope
      let running = 0
      const run: Shadow["Service"]["run"] = (turn, mode) =>
        Effect.suspend(() => {
          if (running >= maxConcurrent)
            return Effect.logDebug("a shadow run was dropped: too many are under way")
          running += 1
          const target = { id: turn.runId, orgId: turn.orgId, ticket: undefined, missing: [] }
          const shadow = execution.shadow(turn, mode, (attempt) => recorder.attempt(target, attempt))
          const leave = Effect.sync(() => {
            running -= 1
          })
          return Effect.asVoid(Effect.forkIn(Effect.ensuring(shadow, leave), scope))
        })
      return Shadow.of({ run })
    }),
  )
}
