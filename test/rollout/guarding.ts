/** A guarded rollout over stores in memory, on a clock of its own: what its tests share. */

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { Rollout } from "../../src/decision/Rollout.ts"
import type { AutopilotPlan, AutopilotStatus } from "../../src/domain/Autopilot.ts"
import { defaultAutopilotPlan } from "../../src/domain/AutopilotLimits.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { type CohortRun, noRatings } from "../../src/store/CohortRuns.ts"
import { GuardedRollout } from "../../src/rollout/GuardedRollout.ts"
import { scripted } from "../execution/scripted.ts"
import { orgId } from "../support/fixtures.ts"
import { cohortRuns, memoryAutopilots, newAutopilots } from "../support/memoryAutopilots.ts"
import { memoryNotifications, newNotifications } from "../support/memoryNotifications.ts"
import { memoryRollout, memoryRolloutStore, rolloutDefaults } from "../support/memoryRollout.ts"
import { run } from "./samples.ts"

export const olga = { orgId, userId: "olga", requestId: "r1" }
export const minute = 60_000
export const plan: AutopilotPlan = {
  ...defaultAutopilotPlan,
  steps: [
    { percentage: 5, holdMs: 10 * minute },
    { percentage: 20, holdMs: 10 * minute },
    { percentage: 100, holdMs: 0 },
  ],
  coolDownMs: 10 * minute,
}

/** Three sessions of one run a second in each cohort, for forty minutes. */
export const traffic = (differ: (number: number) => Partial<CohortRun> = () => ({})) =>
  Array.from({ length: 7200 }, (_, number) => {
    const createdAt = Math.floor((number * 1000) / 3)
    const common = { createdAt, firstContentMs: 300 + (number % 90) * 10, totalMs: 1000 + (number % 70) * 50 }
    const treatment = run("treatment", String(number), { ...common, ...differ(number) })
    return [run("control", String(number), common), treatment]
  }).flat()

/** Half of the treatment's runs fail from this minute on. */
export const failingFrom = (minutes: number) =>
  traffic((number) =>
    number >= minutes * 180 && number % 2 === 0
      ? { status: "failed", firstContentMs: null, tokens: null }
      : {},
  )

export const world = (runs: ReadonlyArray<CohortRun> = traffic()) => ({
  runs,
  ratings: { treatment: noRatings, control: noRatings },
  autopilots: newAutopilots(),
  notifications: newNotifications(),
  rollout: memoryRollout(),
  fallback: false,
  modes: ["runtime_orchestrator", "direct_llm"] as ReadonlyArray<ExecutionMode>,
  defaultMode: "direct_llm" as ExecutionMode,
  isSandbox: false,
})
export type World = ReturnType<typeof world>

/** One life of the process. */
export const service = (kept: World) =>
  GuardedRollout.layer.pipe(
    Layer.provideMerge(Rollout.layer(rolloutDefaults({ defaultMode: kept.defaultMode }, kept.isSandbox))),
    Layer.provide([
      Modes.layer(kept.modes.map((mode) => scripted([], mode, mode))),
      Layer.mock(Monitor, {
        configure: () => Effect.void,
        isFallbackEnabled: Effect.sync(() => kept.fallback),
      }),
      memoryRolloutStore(kept.rollout),
      memoryAutopilots(kept.autopilots),
      memoryNotifications(kept.notifications),
      cohortRuns(kept.runs, () => kept.ratings),
    ]),
  )

export const percentage = Rollout.use(({ current }) =>
  Effect.map(current, ({ settings }) => settings.percentage),
)
export const state = Effect.map(
  GuardedRollout.use(({ status }) => status),
  (found) => found!,
)
export const shown = Effect.gen(function* () {
  const { reason, status } = yield* state
  return { status, percentage: yield* percentage, reason }
})

/** Looks and all, in steps that no timer is missed in. */
export const pass = (minutes: number) =>
  Effect.forEach(
    Array.from({ length: minutes * 6 }, (_, index) => index),
    () => TestClock.adjust("10 seconds"),
    { discard: true },
  )
/** A status that has to come within the hour. */
export const until = (status: AutopilotStatus) =>
  Effect.repeat(Effect.andThen(TestClock.adjust("1 second"), state), {
    until: (now) => now.status === status,
    times: 3600,
  })
export const start = (given: AutopilotPlan = plan) =>
  GuardedRollout.use((guarded) => guarded.start(olga, given, "let us see"))
