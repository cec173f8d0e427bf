import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { Rollout } from "../../src/decision/Rollout.ts"
import { type AutopilotPlan, type AutopilotStatus, defaultAutopilotPlan } from "../../src/domain/Autopilot.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import type { CohortRun } from "../../src/recording/CohortRuns.ts"
import { StoreError } from "../../src/recording/StoreError.ts"
import { GuardedRollout } from "../../src/rollout/GuardedRollout.ts"
import * as Samples from "../../src/rollout/Samples.ts"
import { scripted } from "../execution/scripted.ts"
import { orgId } from "../support/fixtures.ts"
import { cohortRuns, memoryAutopilots, newAutopilots } from "../support/memoryAutopilots.ts"
import { memoryRollout, memoryRolloutStore, rolloutDefaults } from "../support/memoryRollout.ts"
import { run } from "./samples.ts"

const olga = { orgId, userId: "olga", requestId: "r1" }
const minute = 60_000
const plan: AutopilotPlan = {
  ...defaultAutopilotPlan,
  steps: [
    { percentage: 5, holdMs: 10 * minute },
    { percentage: 20, holdMs: 10 * minute },
    { percentage: 100, holdMs: 0 },
  ],
  coolDownMs: 10 * minute,
}

/** Three sessions of one run a second in each cohort, for forty minutes. */
const traffic = (differ: (number: number) => Partial<CohortRun> = () => ({})) =>
  Array.from({ length: 7200 }, (_, number) => {
    const createdAt = Math.floor((number * 1000) / 3)
    const common = { createdAt, firstContentMs: 300 + (number % 90) * 10, totalMs: 1000 + (number % 70) * 50 }
    const treatment = run("treatment", String(number), { ...common, ...differ(number) })
    return [run("control", String(number), common), treatment]
  }).flat()

/** Half of the treatment's runs fail from this minute on. */
const failingFrom = (minutes: number) =>
  traffic((number) =>
    number >= minutes * 180 && number % 2 === 0
      ? { status: "failed", firstContentMs: null, tokens: null }
      : {},
  )

const world = (runs: ReadonlyArray<CohortRun> = traffic()) => ({
  runs,
  autopilots: newAutopilots(),
  rollout: memoryRollout(),
  fallback: false,
  modes: ["runtime_orchestrator", "direct_llm"] as ReadonlyArray<ExecutionMode>,
  defaultMode: "direct_llm" as ExecutionMode,
})
type World = ReturnType<typeof world>

/** One life of the process. */
const service = (kept: World) =>
  GuardedRollout.layer.pipe(
    Layer.provideMerge(Rollout.layer(rolloutDefaults({ defaultMode: kept.defaultMode }))),
    Layer.provide([
      Modes.layer(kept.modes.map((mode) => scripted([], mode, mode))),
      Layer.mock(Monitor, {
        configure: () => Effect.void,
        isFallbackEnabled: Effect.sync(() => kept.fallback),
      }),
      memoryRolloutStore(kept.rollout),
      memoryAutopilots(kept.autopilots),
      cohortRuns(kept.runs),
    ]),
  )

const percentage = Rollout.use(({ current }) => Effect.map(current, ({ settings }) => settings.percentage))
const state = Effect.map(
  GuardedRollout.use(({ status }) => status),
  (found) => found!,
)
const shown = Effect.gen(function* () {
  const { reason, status } = yield* state
  return { status, percentage: yield* percentage, reason }
})

/** Looks and all, in steps that no timer is missed in. */
const pass = (minutes: number) =>
  Effect.forEach(
    Array.from({ length: minutes * 6 }, (_, index) => index),
    () => TestClock.adjust("10 seconds"),
    { discard: true },
  )
/** A status that has to come within the hour. */
const until = (status: AutopilotStatus) =>
  Effect.repeat(Effect.andThen(TestClock.adjust("1 second"), state), {
    until: (now) => now.status === status,
    times: 3600,
  })
const start = (given: AutopilotPlan = plan) =>
  GuardedRollout.use((guarded) => guarded.start(olga, given, "let us see"))

describe("the guarded rollout", () => {
  it.effect("raises the rollout's percentage step by step, and asks a person before it passes 50 %", () => {
    const kept = world()
    return Effect.gen(function* () {
      const guarded = yield* GuardedRollout
      assert.isUndefined(yield* guarded.status)
      yield* start()
      assert.strictEqual(yield* percentage, 5)
      yield* pass(9)
      assert.strictEqual((yield* shown).percentage, 5)
      const { verdict } = yield* state
      assert.strictEqual(verdict?.judgement, "as_good")
      assert.isAbove(verdict!.runs.treatment, 1500)
      yield* pass(2)
      assert.deepInclude(yield* shown, { status: "running", percentage: 20 })
      assert.isBelow((yield* state).verdict?.runs.treatment ?? 0, 300)
      yield* pass(10)
      assert.deepInclude(yield* shown, { status: "awaiting_approval", percentage: 20 })
      const approved = yield* guarded.approve(olga, undefined)
      assert.deepInclude(approved, { status: "completed", percentage: 100, applied: true })
      assert.strictEqual(yield* percentage, 100)
      assert.deepStrictEqual(
        kept.autopilots.audit.map(({ action, by }) => [action, by.userId]),
        [
          ["autopilot.start", "olga"],
          ["autopilot.awaiting_approval", "autopilot"],
          ["autopilot.approve", "olga"],
        ],
      )
      assert.deepStrictEqual(
        kept.rollout.audit.map(({ after, by }) => [by.userId, after]),
        [
          ["olga", { percentage: 5 }],
          ["autopilot", { percentage: 20 }],
          ["olga", { percentage: 100 }],
        ],
      )
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect(
    "goes back when the treatment is worse, with the numbers in the audit, and from the first step to 0",
    () => {
      const kept = world(failingFrom(12))
      return Effect.gen(function* () {
        yield* start()
        yield* pass(11)
        assert.strictEqual(yield* percentage, 20)
        yield* until("cooling_down")
        assert.strictEqual(yield* percentage, 5)
        assert.match(
          String(kept.rollout.audit.at(-1)?.reason),
          /worse: success 0\.\d+ against 1 in \d+ and \d+ runs/,
        )
        yield* until("rolled_back")
        assert.strictEqual(yield* percentage, 0)
        assert.strictEqual(kept.autopilots.audit.at(-1)?.action, "autopilot.rolled_back")
      }).pipe(Effect.provide(service(kept)))
    },
  )

  it.effect("without runs it holds, and the audit is not filled with that", () => {
    const kept = world([])
    return Effect.gen(function* () {
      yield* start()
      yield* pass(60)
      assert.deepInclude(yield* shown, { status: "holding", percentage: 5 })
      assert.match((yield* state).reason, /too few/)
      assert.deepStrictEqual(
        kept.autopilots.audit.map(({ action }) => action),
        ["autopilot.start"],
      )
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("goes on where the last process ended, with the runs that it had counted", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* Effect.provide(Effect.andThen(start(), pass(6)), service(kept), { local: true })
      const before = kept.autopilots.stored!.state.verdict!.runs.treatment
      assert.isAbove(before, 1000)
      yield* Effect.gen(function* () {
        yield* pass(1)
        const { verdict } = yield* state
        assert.isAbove(verdict!.runs.treatment, before)
        assert.isAtMost(verdict!.runs.treatment, 1260)
        yield* pass(4)
        assert.deepInclude(yield* shown, { status: "running", percentage: 20 })
      }).pipe(Effect.provide(service(kept), { local: true }))
    })
  })

  it.effect("a start after a crash finishes what was decided", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* Effect.provide(start(), service(kept), { local: true })
      const { state: decided } = kept.autopilots.stored!
      kept.autopilots.stored = {
        ...kept.autopilots.stored!,
        state: { ...decided, percentage: 20, applied: false },
      }
      yield* Effect.gen(function* () {
        yield* pass(1)
        assert.strictEqual(yield* percentage, 20)
        assert.isTrue((yield* state).applied)
      }).pipe(Effect.provide(service(kept), { local: true }))
    })
  })

  it.effect("pauses when an operator sets the percentage, and resumes from there with new data", () =>
    Effect.gen(function* () {
      const guarded = yield* GuardedRollout
      yield* start()
      yield* pass(12)
      yield* Rollout.use(({ change }) => change(olga, { percentage: 7 }))
      yield* pass(1)
      assert.deepInclude(yield* shown, {
        status: "paused",
        percentage: 7,
        reason: "the percentage was set to 7 by somebody else",
      })
      yield* pass(20)
      assert.strictEqual(yield* percentage, 7)
      yield* guarded.resume(olga, undefined)
      assert.deepInclude(yield* shown, { status: "running", percentage: 5 })
      assert.isNull((yield* state).verdict)
    }).pipe(Effect.provide(service(world()))),
  )

  it.effect("a change of an operator's at the very moment of a raise is not overwritten", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* start()
      // By another replica, and not seen here yet.
      kept.autopilots.meanwhile = ({ percentage }) => {
        if (percentage !== 20) return
        kept.autopilots.meanwhile = () => {}
        const { operator, version } = kept.rollout.stored
        const set = { value: 0, by: olga, at: 0 }
        kept.rollout.stored = { version: version + 1, operator: { ...operator, percentage: set } }
      }
      yield* until("paused")
      assert.match((yield* state).reason, /somebody else/)
      yield* pass(5)
      assert.strictEqual(yield* percentage, 0)
      assert.deepStrictEqual<unknown>(
        kept.rollout.audit.map(({ after }) => after),
        [{ percentage: 5 }],
      )
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect(
    "pauses when the default mode becomes the runtime: there is nothing to compare with any more",
    () =>
      Effect.gen(function* () {
        yield* start()
        yield* Rollout.use(({ change }) => change(olga, { defaultMode: "runtime_orchestrator" }))
        yield* pass(1)
        assert.match((yield* state).reason, /default mode/)
        assert.deepInclude(yield* shown, { status: "paused", percentage: 5 })
      }).pipe(Effect.provide(service(world()))),
  )

  it.effect("of two replicas the one that wrote last is right about what was counted", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* start()
      yield* pass(5)
      const stored = kept.autopilots.stored!
      assert.isAbove(stored.state.verdict!.runs.treatment, 800)
      const samples = Samples.store(Samples.empty())
      kept.autopilots.stored = { ...stored, version: stored.version + 1, samples }
      yield* pass(1)
      assert.isBelow((yield* state).verdict!.runs.treatment, 200)
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("a backlog is worked off ten thousand runs at a look", () => {
    const at = { createdAt: 1 }
    const runs = Array.from({ length: 6000 }, (_, number) => [
      run("control", String(number), at),
      run("treatment", String(number), at),
    ]).flat()
    return Effect.gen(function* () {
      yield* start()
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual((yield* state).verdict?.runs, { treatment: 5000, control: 5000 })
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual((yield* state).verdict?.runs, { treatment: 6000, control: 6000 })
    }).pipe(Effect.provide(service(world(runs))))
  })

  it.effect("pauses on command and stays where it is, and an abort goes back to what was before", () =>
    Effect.gen(function* () {
      const guarded = yield* GuardedRollout
      yield* Rollout.use(({ change }) => change(olga, { percentage: 2 }))
      yield* start()
      yield* pass(5)
      yield* guarded.pause(olga, "lunch")
      yield* pass(30)
      assert.deepStrictEqual(yield* shown, { status: "paused", percentage: 5, reason: "lunch" })
      yield* guarded.abort(olga, "never mind")
      assert.deepStrictEqual(yield* shown, { status: "aborted", percentage: 2, reason: "never mind" })
      yield* pass(5)
      assert.strictEqual(yield* percentage, 2)
      yield* start()
      yield* Rollout.use(({ change }) => change(olga, { percentage: 1 }))
      assert.include(yield* guarded.abort(olga, undefined), { status: "aborted", percentage: 1 })
    }).pipe(Effect.provide(service(world()))),
  )

  it.effect("holds while the breaker is open, and the runs of that time count for nobody", () => {
    const kept = world(failingFrom(0))
    return Effect.gen(function* () {
      kept.fallback = true
      yield* start()
      yield* pass(15)
      assert.deepInclude(yield* shown, { status: "holding", percentage: 5 })
      assert.match((yield* state).reason, /direct mode/)
      assert.strictEqual((yield* state).verdict?.runs.treatment, 0)
      kept.fallback = false
      yield* pass(6)
      assert.deepInclude(yield* shown, { status: "rolled_back", percentage: 0 })
      assert.isBelow((yield* state).verdict!.runs.treatment, 1080)
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("a store that is away moves nothing, and is asked again", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* start()
      kept.autopilots.fail = new StoreError({ operation: "Autopilots.latest", cause: "gone" })
      yield* pass(5)
      kept.autopilots.fail = undefined
      yield* pass(7)
      assert.deepInclude(yield* shown, { status: "running", percentage: 20 })
    }).pipe(Effect.provide(service(kept)))
  })

  const refusals: ReadonlyArray<[string, Partial<World>, AutopilotPlan, RegExp]> = [
    ["without a runtime", { modes: ["direct_llm"] }, plan, /no runtime/],
    ["without a direct provider", { modes: ["runtime_orchestrator"] }, plan, /no direct provider/],
    ["when the default mode is the runtime", { defaultMode: "runtime_orchestrator" }, plan, /default mode/],
  ]
  for (const [when, given, planned, message] of refusals) {
    it.effect(`does not start ${when}`, () =>
      Effect.gen(function* () {
        const refused = yield* Effect.flip(start(planned))
        assert.strictEqual(refused._tag, "AutopilotConflict")
        assert.match(refused.message, message)
        assert.strictEqual(yield* percentage, 0)
      }).pipe(Effect.provide(service({ ...world(), ...given }))),
    )
  }

  it.effect("does not start twice, nor below the present percentage, and refuses what makes no sense", () =>
    Effect.gen(function* () {
      const guarded = yield* GuardedRollout
      const conflict = <A, R>(command: Effect.Effect<A, { readonly message: string }, R>) =>
        Effect.map(Effect.flip(command), ({ message }) => message)
      assert.match(yield* conflict(guarded.pause(olga, undefined)), /there is no guarded rollout/)
      yield* Rollout.use(({ change }) => change(olga, { percentage: 6 }))
      assert.match(yield* conflict(start()), /percentage is 6 already/)
      yield* Rollout.use(({ change }) => change(olga, { percentage: 0 }))
      yield* start()
      assert.match(yield* conflict(start()), /running already/)
      assert.match(yield* conflict(guarded.approve(olga, undefined)), /it is running/)
      assert.match(yield* conflict(guarded.resume(olga, undefined)), /it is running/)
      yield* guarded.abort(olga, undefined)
      assert.match(yield* conflict(guarded.abort(olga, undefined)), /it is aborted/)
      yield* start()
      assert.strictEqual(yield* percentage, 5)
    }).pipe(Effect.provide(service(world()))),
  )
})
