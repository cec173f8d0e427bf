/**
 * The guarded rollout and its commands. Besides the commands, the autopilot ticks every few seconds.
 *
 * All state is in one row of the store, guarded by its version: if several replicas tick at once, one of them writes
 * and the others change nothing. Within a process, commands and ticks wait for each other.
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
import type { Notifications } from "../notify/Notifications.ts"
import { Autopilots } from "../store/Autopilots.ts"
import type { CohortRuns } from "../store/CohortRuns.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as AnnouncedAutopilots from "./AnnouncedAutopilots.ts"
import * as AutopilotRules from "./AutopilotRules.ts"
import * as AutopilotRecord from "./AutopilotRecord.ts"
import * as AutopilotTick from "./AutopilotTick.ts"
import * as RolloutPercentage from "./RolloutPercentage.ts"
import * as Loop from "../telemetry/Loop.ts"

/** The command does not fit the present state; `message` gives the reason. */
export class AutopilotConflict extends Schema.TaggedError<AutopilotConflict>()("AutopilotConflict", {
  message: Schema.String,
}) {}

type Commanded = Effect.Effect<AutopilotState, AutopilotConflict | StoreError>
type Command = (actor: Actor, reason: string | undefined) => Commanded

export class GuardedRollout extends Context.Service<
  GuardedRollout,
  {
    /** The last guarded rollout, even after its end. */
    readonly status: Effect.Effect<AutopilotState | undefined, StoreError>
    readonly start: (actor: Actor, plan: AutopilotPlan, reason: string | undefined) => Commanded
    /** Leaves the percentage as it is and stops every automatic change. */
    readonly pause: Command
    readonly resume: Command
    /** Returns to the percentage from before the start, if that is lower. */
    readonly abort: Command
    /** Raises the percentage past 50 % when the plan waits for an operator (`awaiting_approval`). */
    readonly promote: Command
  }
>()("crossfade/rollout/GuardedRollout") {
  static readonly layer: Layer.Layer<
    GuardedRollout,
    never,
    Autopilots | CohortRuns | Modes | Monitor | Notifications | Rollout
  > = Layer.provide(
    Layer.effect(
      GuardedRollout,
      Effect.suspend(() => make),
    ),
    AnnouncedAutopilots.layer,
  )
}

/** The cost of an idle service: one read of one row. */
const tickInterval = "2 seconds"

const make = Effect.gen(function* () {
  const autopilots = yield* Autopilots
  const rollout = yield* Rollout
  const rolloutPercentage = yield* RolloutPercentage.make
  const lock = yield* Semaphore.make(1)

  const { tick } = yield* AutopilotTick.make
  yield* Loop.every(
    "autopilot",
    Schedule.spaced(tickInterval),
    Effect.uninterruptible(Semaphore.withPermit(lock, tick)),
  )

  const refuse = (message: string) => Effect.fail(new AutopilotConflict({ message }))

  /** One operator command: stored with its audit entry, then applied. A string is the reason for a refusal. */
  const command = (
    action: string,
    change: (
      state: AutopilotState,
      context: { readonly now: number; readonly percentage: number; readonly reason: string | undefined },
    ) => AutopilotState | string,
  ) =>
    Effect.fnUntraced(
      function* (actor: Actor, reason: string | undefined) {
        const stored = yield* autopilots.latest
        if (stored === undefined) return yield* refuse("there is no guarded rollout")
        const now = yield* Clock.currentTimeMillis
        const { percentage } = (yield* rollout.current).settings
        const next = change(stored.state, { now, percentage, reason })
        if (typeof next === "string") return yield* refuse(next)
        const record = AutopilotRecord.isSameStep(stored.state, next)
          ? { ...stored, state: next }
          : AutopilotRecord.newStep(next)
        const entry = AutopilotRecord.auditEntry({ by: actor, at: now, action, reason }, stored.state, next)
        const saved = yield* autopilots.save(stored, record, entry)
        if (saved === undefined) return yield* refuse("it was changed at the same moment: read it again")
        return AutopilotRules.isDue(next) ? yield* rolloutPercentage.apply(saved, actor) : next
      },
      Semaphore.withPermit(lock),
      Effect.uninterruptible,
    )

  const start = Effect.fnUntraced(
    function* (actor: Actor, plan: AutopilotPlan, reason: string | undefined) {
      const stored = yield* autopilots.latest
      if (stored !== undefined && !AutopilotRules.isFinished(stored.state)) {
        return yield* refuse(`one is ${stored.state.status} already: abort it first`)
      }
      const conflict = yield* rolloutPercentage.prepare(actor, plan.steps[0].percentage)
      if (conflict !== undefined) return yield* refuse(conflict)
      const { percentage } = (yield* rollout.current).settings
      const now = yield* Clock.currentTimeMillis
      const state = AutopilotRules.start(plan, percentage, now)
      const entry = AutopilotRecord.auditEntry(
        { by: actor, at: now, action: "start", reason },
        undefined,
        state,
      )
      return yield* rolloutPercentage.apply(
        yield* autopilots.begin(AutopilotRecord.newStep(state), entry),
        actor,
      )
    },
    Semaphore.withPermit(lock),
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
    // The audit stores the older name of this command, as it stores the status `awaiting_approval`.
    promote: command("approve", (state, { now, reason = "approved by a person" }) =>
      state.status === "awaiting_approval"
        ? AutopilotRules.promote(state, now, reason)
        : `it is ${state.status}`,
    ),
  })
})
