/** Sets the percentage that the autopilot chooses, and checks that the configuration allows a guarded rollout. */
import * as Effect from "effect/Effect"
import { Rollout } from "../decision/Rollout.ts"
import type { Actor } from "../domain/Actor.ts"
import { Modes } from "../execution/Modes.ts"
import { Autopilots, type StoredAutopilot } from "../store/Autopilots.ts"
import * as AutopilotRules from "./AutopilotRules.ts"

export const make = Effect.gen(function* () {
  const autopilots = yield* Autopilots
  const modes = yield* Modes
  const rollout = yield* Rollout

  /** The reason why the present configuration and settings allow no guarded rollout. */
  const conflict = Effect.map(rollout.current, ({ settings }) => {
    if (modes.targets("runtime_orchestrator").length === 0) return "no runtime is configured"
    if (modes.targets("direct_llm").length === 0) return "no direct provider is configured"
    return settings.defaultMode === "direct_llm"
      ? undefined
      : `the default mode is ${settings.defaultMode}, so there is nothing to compare with`
  })

  /**
   * Makes direct mode the default on a sandbox whose mode is open, so that the playbook can be practised there. Returns
   * the reason why a start is not possible.
   */
  const prepare = Effect.fnUntraced(function* (by: Actor, first: number) {
    const { etag, isModeOpen, settings } = yield* rollout.current
    // A start that is refused changes nothing.
    if (first < settings.percentage)
      return `the percentage is ${settings.percentage} already: begin there, or lower it first`
    if (isModeOpen)
      yield* rollout
        .change(
          by,
          { defaultMode: "direct_llm" },
          { ifMatch: etag, reason: "autopilot: on the sandbox direct mode becomes the default" },
        )
        .pipe(Effect.catchTag("RolloutChanged", () => Effect.void))
    return yield* conflict
  })

  const change = (by: Actor, { state }: StoredAutopilot, ifMatch: string | undefined) =>
    rollout
      .change(by, { percentage: state.percentage }, { ifMatch, reason: `autopilot: ${state.reason}` })
      .pipe(
        Effect.as({ ...state, applied: true }),
        Effect.catchTag("RolloutChanged", () =>
          Effect.succeed(
            AutopilotRules.pause(state, "another change of the rollout arrived at the same moment"),
          ),
        ),
      )

  /**
   * Sets the percentage and records that it is set. With `etag`, only if the rollout still has this validator, so
   * that no concurrent change is overwritten.
   */
  const apply = Effect.fnUntraced(function* (stored: StoredAutopilot, by: Actor, etag?: string) {
    const { settings } = yield* rollout.current
    const isSet = settings.percentage === stored.state.percentage
    const state = isSet ? { ...stored.state, applied: true } : yield* change(by, stored, etag)
    yield* autopilots.save(stored, { ...stored, state })
    return state
  })

  return { conflict, prepare, apply }
})
