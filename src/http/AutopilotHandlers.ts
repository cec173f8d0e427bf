/** Routes of the guarded rollout: complete the plan with the defaults, run the command, show the state. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import type { AutopilotStart, AutopilotView } from "../api/AutopilotApi.ts"
import { ok } from "../api/Envelope.ts"
import type { AutopilotPlan, AutopilotState } from "../domain/Autopilot.ts"
import { defaultAutopilotPlan } from "../domain/AutopilotLimits.ts"
import * as AutopilotRules from "../rollout/AutopilotRules.ts"
import { GuardedRollout } from "../rollout/GuardedRollout.ts"
import { currentActor } from "./CurrentActor.ts"
import { answering } from "./ErrorMapping.ts"

const planOf = (payload: AutopilotStart): AutopilotPlan => ({
  steps: payload.steps ?? defaultAutopilotPlan.steps,
  autoApprove: payload.autoApprove ?? defaultAutopilotPlan.autoApprove,
  margins: { ...defaultAutopilotPlan.margins, ...payload.margins },
  retries: payload.retries ?? defaultAutopilotPlan.retries,
  coolDownMs: payload.coolDownMs ?? defaultAutopilotPlan.coolDownMs,
})

const view = (state: AutopilotState): AutopilotView => {
  const next = AutopilotRules.isFinished(state) ? undefined : state.plan.steps[state.step + 1]
  return {
    ...state,
    next: next === undefined ? null : { percentage: next.percentage, notBefore: state.notBefore },
  }
}

export const layer = HttpApiBuilder.group(
  Api,
  "autopilot",
  Effect.fnUntraced(function* (handlers) {
    const guarded = yield* GuardedRollout
    type Command = (typeof guarded)["pause"]
    const run =
      (command: Command) =>
      ({ payload }: { readonly payload: { readonly reason?: string } | null }) =>
        Effect.flatMap(currentActor, (by) => command(by, payload?.reason)).pipe(
          Effect.map((state) => ok(view(state))),
          answering,
        )
    return handlers.handleAll({
      state: () =>
        guarded.status.pipe(
          Effect.map((state) => ok(state === undefined ? null : view(state))),
          answering,
        ),
      start: ({ payload }) =>
        Effect.flatMap(currentActor, (by) => guarded.start(by, planOf(payload ?? {}), payload?.reason)).pipe(
          Effect.map((state) => ok(view(state))),
          answering,
        ),
      pause: run(guarded.pause),
      resume: run(guarded.resume),
      abort: run(guarded.abort),
      promote: run(guarded.promote),
      approve: run(guarded.promote),
    })
  }),
)
