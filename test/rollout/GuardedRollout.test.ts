import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Rollout } from "../../src/decision/Rollout.ts"
import type { AutopilotPlan } from "../../src/domain/Autopilot.ts"
import { GuardedRollout } from "../../src/rollout/GuardedRollout.ts"
import {
  olga,
  plan,
  failingFrom,
  minute,
  traffic,
  world,
  type World,
  service,
  percentage,
  state,
  shown,
  pass,
  until,
  start,
} from "./guarding.ts"

describe("the guarded rollout", () => {
  it.effect("raises the percentage step by step, and waits for an operator before it passes 50 %", () => {
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
      const approved = yield* guarded.promote(olga, undefined)
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

  it.effect("shows ratings that come without runs, and steps back when they are worse", () => {
    const kept = world(traffic().filter(({ createdAt }) => createdAt < 5 * minute))
    const rate = (n: number, y: number) => ({ sessions: n, n, y, nn: n, ny: y, yy: y })
    return Effect.gen(function* () {
      yield* start()
      yield* pass(8)
      const before = yield* state
      assert.deepInclude(before, { status: "running", percentage: 5 })
      for (const ratings of [1000, 1250]) {
        kept.ratings = { treatment: rate(ratings, ratings / 5), control: rate(1000, 200) }
        yield* pass(0.5)
        const shown = (yield* state).verdict?.guardrails.find(({ guardrail }) => guardrail === "feedback")
        assert.deepInclude(shown, { judgement: "as_good", treatment: 0.2, control: 0.2 })
        assert.deepStrictEqual(shown?.runs, { treatment: ratings, control: 1000 })
      }
      kept.ratings = { treatment: rate(500, 300), control: rate(500, 100) }
      yield* until("rolled_back")
      assert.match((yield* state).reason, /^worse: feedback 0\.6 against 0\.2 in 500 and 500 ratings/)
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect(
    "steps back when the treatment is worse, with the numbers in the audit, and from the first step to 0",
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

  it.effect("holds without runs, and adds no audit entries", () => {
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
        reason: "the percentage was set to 7 by another change",
      })
      yield* pass(20)
      assert.strictEqual(yield* percentage, 7)
      yield* guarded.resume(olga, undefined)
      assert.deepInclude(yield* shown, { status: "running", percentage: 5 })
      assert.isNull((yield* state).verdict)
    }).pipe(Effect.provide(service(world()))),
  )

  it.effect("does not overwrite an operator's change at the moment of a raise", () => {
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
      assert.match((yield* state).reason, /another change/)
      yield* pass(5)
      assert.strictEqual(yield* percentage, 0)
      assert.deepStrictEqual<unknown>(
        kept.rollout.audit.map(({ after }) => after),
        [{ percentage: 5 }],
      )
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("pauses when the default mode becomes the runtime", () =>
    Effect.gen(function* () {
      yield* start()
      yield* Rollout.use(({ change }) => change(olga, { defaultMode: "runtime_orchestrator" }))
      yield* pass(1)
      assert.match((yield* state).reason, /default mode/)
      assert.deepInclude(yield* shown, { status: "paused", percentage: 5 })
    }).pipe(Effect.provide(service(world()))),
  )

  it.effect("keeps the percentage on pause, and returns to the earlier one on abort", () =>
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

  const sandbox = { defaultMode: "runtime_orchestrator", isSandbox: true } as const

  it.effect("starts on the sandbox, whose default becomes direct mode with an entry in the audit", () => {
    const kept = { ...world(), ...sandbox }
    return Effect.gen(function* () {
      yield* start()
      assert.strictEqual(yield* percentage, 5)
      assert.deepStrictEqual(
        kept.rollout.audit.map(({ after, by }) => [by.userId, after]),
        [
          ["olga", { defaultMode: "direct_llm" }],
          ["olga", { percentage: 5 }],
        ],
      )
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("changes nothing on the sandbox by a start that is refused", () => {
    const kept = { ...world(), ...sandbox }
    return Effect.gen(function* () {
      yield* Rollout.use(({ change }) => change(olga, { percentage: 6 }))
      assert.match((yield* Effect.flip(start())).message, /percentage is 6 already/)
      assert.deepStrictEqual(
        kept.rollout.audit.map(({ after }) => after),
        [{ percentage: 6 }],
      )
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("does not start on the sandbox if an operator chose the runtime", () =>
    Effect.gen(function* () {
      yield* Rollout.use(({ change }) => change(olga, { defaultMode: "runtime_orchestrator" }))
      assert.match((yield* Effect.flip(start())).message, /default mode/)
    }).pipe(Effect.provide(service({ ...world(), ...sandbox }))),
  )

  it.effect(
    "refuses a second start, a start below the present percentage, and commands that do not fit",
    () =>
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
        assert.match(yield* conflict(guarded.promote(olga, undefined)), /it is running/)
        assert.match(yield* conflict(guarded.resume(olga, undefined)), /it is running/)
        yield* guarded.abort(olga, undefined)
        assert.match(yield* conflict(guarded.abort(olga, undefined)), /it is aborted/)
        yield* start()
        assert.strictEqual(yield* percentage, 5)
      }).pipe(Effect.provide(service(world()))),
  )
})
