/**
 * The guarded rollout, as people start and stop it; beside their commands the autopilot looks every few seconds by itself.
 *
 * Everything is in one row of the store, guarded by its version: of several replicas that look at once one gets to write,
 * and the others have seen nothing. Here commands and looks wait for each other.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { Rollout } from "../decision/Rollout.ts"
import type { Actor } from "../domain/Actor.ts"
import type { AutopilotPlan, AutopilotState } from "../domain/Autopilot.ts"
import type { Modes } from "../execution/Modes.ts"
import type { Monitor } from "../monitoring/Monitor.ts"
import { Autopilots } from "../store/Autopilots.ts"
import type { CohortRuns } from "../store/CohortRuns.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as AutopilotRules from "./AutopilotRules.ts"
import * as AutopilotRecord from "./AutopilotRecord.ts"
import * as AutopilotTick from "./AutopilotTick.ts"
import * as RolloutPercentage from "./RolloutPercentage.ts"
import * as Loop from "../telemetry/Loop.ts"

/** What was asked for cannot be done now; `message` says why. */
export class AutopilotConflict extends Schema.TaggedError<AutopilotConflict>()("AutopilotConflict", {
  message: Schema.String,
}) {}

type Commanded = Effect.Effect<AutopilotState, AutopilotConflict | StoreError>
type Command = (actor: Actor, reason: string | undefined) => Commanded

export class GuardedRollout extends Context.Service<
  GuardedRollout,
  {
    /** The last one, also when it has ended. */
    readonly status: Effect.Effect<AutopilotState | undefined, StoreError>
    readonly start: (actor: Actor, plan: AutopilotPlan, reason: string | undefined) => Commanded
    /** The percentage stays as it is, and nothing moves it. */
    readonly pause: Command
    readonly resume: Command
    /** Back to the percentage from before the start, if that is lower. */
    readonly abort: Command
    readonly approve: Command
  }
>()("crossfade/rollout/GuardedRollout") {
  static readonly layer: Layer.Layer<
    GuardedRollout,
    never,
    Autopilots | CohortRuns | Modes | Monitor | Rollout
  > = Layer.effect(
    GuardedRollout,
    Effect.suspend(() => make),
  )
}

/** What it costs an idle service is one read of one row. */
const lookEvery = "2 seconds"

const make = Effect.gen(function* () {
  const autopilots = yield* Autopilots
  const rollout = yield* Rollout
  const share = yield* RolloutPercentage.make
  const one = yield* Semaphore.make(1)

  const { look } = yield* AutopilotTick.make
  yield* Loop.every(
    "autopilot",
    Schedule.spaced(lookEvery),
    Effect.uninterruptible(Semaphore.withPermit(one, look)),
  )

  const refuse = (message: string) => Effect.fail(new AutopilotConflict({ message }))

  /** One command of a person's: kept with its entry in the audit, then done. A text says why it is not. */
  const command = (
    action: string,
    change: (
      state: AutopilotState,
      given: { readonly now: number; readonly percentage: number; readonly reason: string | undefined },
    ) => AutopilotState | string,
  ) =>
    Effect.fn(`GuardedRollout.${action}`)(
      function* (actor: Actor, reason: string | undefined) {
        const stored = yield* autopilots.latest
        if (stored === undefined) return yield* refuse("there is no guarded rollout")
        const now = yield* Clock.currentTimeMillis
        const { percentage } = (yield* rollout.current).settings
        const next = change(stored.state, { now, percentage, reason })
        if (typeof next === "string") return yield* refuse(next)
        const kept = AutopilotRecord.isSameStay(stored.state, next)
          ? { ...stored, state: next }
          : AutopilotRecord.fresh(next)
        const entry = AutopilotRecord.entry({ by: actor, at: now, action, reason }, stored.state, next)
        const saved = yield* autopilots.save(stored, kept, entry)
        if (saved === undefined) return yield* refuse("it was changed at the same moment: look again")
        return AutopilotRules.isDue(next) ? yield* share.apply(saved, actor) : next
      },
      Semaphore.withPermit(one),
      Effect.uninterruptible,
    )

  const start = Effect.fn("GuardedRollout.start")(
    function* (actor: Actor, plan: AutopilotPlan, reason: string | undefined) {
      const stored = yield* autopilots.latest
      if (stored !== undefined && !AutopilotRules.isFinished(stored.state)) {
        return yield* refuse(`one is ${stored.state.status} already: abort it first`)
      }
      const conflict = yield* share.conflict
      if (conflict !== undefined) return yield* refuse(conflict)
      const { percentage } = (yield* rollout.current).settings
      if (plan.steps[0].percentage < percentage) {
        return yield* refuse(`the percentage is ${percentage} already: begin there, or lower it first`)
      }
      const now = yield* Clock.currentTimeMillis
      const state = AutopilotRules.start(plan, percentage, now)
      const entry = AutopilotRecord.entry({ by: actor, at: now, action: "start", reason }, undefined, state)
      return yield* share.apply(yield* autopilots.begin(AutopilotRecord.fresh(state), entry), actor)
    },
    Semaphore.withPermit(one),
    Effect.uninterruptible,
  )

  return GuardedRollout.of({
    status: Effect.map(autopilots.latest, (stored) => stored?.state),
    start,
    pause: command("pause", (state, { reason = "paused by a person" }) =>
      AutopilotRules.isActive(state) ? AutopilotRules.pause(state, reason) : `it is ${state.status}`,
    ),
    resume: command("resume", (state, { now, percentage }) =>
      AutopilotRules.canResume(state)
        ? AutopilotRules.resume(state, percentage, now)
        : `it is ${state.status}`,
    ),
    abort: command("abort", (state, { now, percentage, reason = "aborted by a person" }) =>
      AutopilotRules.isFinished(state)
        ? `it is ${state.status}`
        : AutopilotRules.abort(state, percentage, now, reason),
    ),
    approve: command("approve", (state, { now, reason = "approved by a person" }) =>
      state.status === "awaiting_approval"
        ? AutopilotRules.approve(state, now, reason)
        : `it is ${state.status}`,
    ),
  })
})
