/** The autopilot's hand on the rollout: whether a guarded rollout makes sense there, and the percentage that it sets. */
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

  /** Why it makes no sense, with what is configured and set now. */
  const conflict = Effect.map(rollout.current, ({ settings }) => {
    if (modes.targets("runtime_orchestrator").length === 0) return "no runtime is configured"
    if (modes.targets("direct_llm").length === 0) return "no direct provider is configured"
    return settings.defaultMode === "direct_llm"
      ? undefined
      : `the default mode is ${settings.defaultMode}, so there is nothing to compare with`
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
   * Sets the percentage that is wanted, and notes that it is set. With `etag`, only in the state of the rollout that this
   * validator names: nobody's change is overwritten unseen.
   */
  const apply = Effect.fnUntraced(function* (stored: StoredAutopilot, by: Actor, etag?: string) {
    const { settings } = yield* rollout.current
    const isSet = settings.percentage === stored.state.percentage
    const state = isSet ? { ...stored.state, applied: true } : yield* change(by, stored, etag)
    yield* autopilots.save(stored, { ...stored, state })
    return state
  })

  return { conflict, apply }
})
