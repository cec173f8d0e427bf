import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import {
  type AutopilotPlan,
  type AutopilotState,
  AutopilotPlan as Plan,
  type AutopilotVerdict,
  Judgement,
} from "../../src/domain/Autopilot.ts"
import { defaultAutopilotPlan } from "../../src/domain/AutopilotLimits.ts"
import * as AutopilotRules from "../../src/rollout/AutopilotRules.ts"
import * as Samples from "../../src/rollout/Samples.ts"
import { judge } from "../../src/rollout/Verdict.ts"

const noData = judge(Samples.empty(), defaultAutopilotPlan, 5)
const verdictOf = (judgement: AutopilotVerdict["judgement"]): AutopilotVerdict => ({
  ...noData,
  judgement,
  reason: `it is ${judgement}`,
})

const minute = 60_000
const plan: AutopilotPlan = {
  ...defaultAutopilotPlan,
  steps: [
    { percentage: 5, holdMs: 10 * minute },
    { percentage: 50, holdMs: 10 * minute },
    { percentage: 100, holdMs: 0 },
  ],
  coolDownMs: 30 * minute,
  retries: 1,
}

/** One tick at `now` minutes, without an operator's change. */
const look = (
  state: AutopilotState,
  now: number,
  judgement: AutopilotVerdict["judgement"],
  also: Partial<AutopilotRules.AdvanceInput> = {},
) =>
  AutopilotRules.advance(state, {
    now: now * minute,
    percentage: state.percentage,
    conflict: undefined,
    blocked: undefined,
    verdict: verdictOf(judgement),
    ...also,
  })

const shown = ({ percentage, status }: AutopilotState) => [status, percentage]

describe("the autopilot's rules", () => {
  it("starts at the first step and rises when the verdict is as_good and the hold time is over", () => {
    const started = AutopilotRules.start(plan, 0, 0)
    assert.deepStrictEqual(shown(started), ["running", 5])
    assert.deepStrictEqual(shown(look(started, 9, "as_good")), ["running", 5])
    const raised = look(started, 10, "as_good")
    assert.deepStrictEqual(shown(raised), ["running", 50])
    assert.strictEqual(raised.since, 10 * minute)
    assert.isNull(raised.verdict)
    assert.deepInclude(raised.history[0], { percentage: 5, from: 0, to: 10 * minute })
  })

  it("holds when it cannot tell, however long that takes", () => {
    const held = look(AutopilotRules.start(plan, 0, 0), 1_000_000, "cannot_tell")
    assert.deepStrictEqual(shown(held), ["holding", 5])
    assert.strictEqual(held.reason, "it is cannot_tell")
  })

  it("waits for an operator before it passes 50 %, and completes at 100 %", () => {
    const at50 = look(AutopilotRules.start(plan, 0, 0), 10, "as_good")
    const asks = look(at50, 20, "as_good")
    assert.deepStrictEqual(shown(asks), ["awaiting_approval", 50])
    assert.deepStrictEqual(shown(look(asks, 21, "cannot_tell")), ["awaiting_approval", 50])
    assert.deepStrictEqual(shown(look(asks, 21, "worse")), ["cooling_down", 5])
    assert.deepStrictEqual(shown(AutopilotRules.promote(asks, 22 * minute, "approved")), ["completed", 100])
    const byItself = { ...at50, plan: { ...plan, autoApprove: true } }
    assert.deepStrictEqual(shown(look(byItself, 20, "as_good")), ["completed", 100])
  })

  it("completes at a last step below 100 %", () => {
    const short = { ...plan, steps: [{ percentage: 5, holdMs: 0 }] as const }
    assert.deepStrictEqual(shown(look(AutopilotRules.start(short, 0, 0), 1, "as_good")), ["completed", 5])
  })

  it("steps back when the verdict is worse, even before the hold time, and from the first step to 0", () => {
    const started = AutopilotRules.start(plan, 0, 0)
    const gone = look(started, 1, "worse")
    assert.deepStrictEqual(shown(gone), ["rolled_back", 0])
    assert.deepStrictEqual(shown(look(gone, 99, "as_good")), ["rolled_back", 0])
    const back = look(look(started, 10, "as_good"), 11, "worse")
    assert.deepStrictEqual(shown(back), ["cooling_down", 5])
    assert.deepStrictEqual(shown(look(back, 12, "worse")), ["rolled_back", 0])
  })

  it("rises again after the cool-down, at most as often as the plan allows, until an operator resumes it", () => {
    let state = look(look(AutopilotRules.start(plan, 0, 0), 10, "as_good"), 11, "worse")
    assert.deepStrictEqual(shown(look(state, 40, "as_good")), ["cooling_down", 5])
    state = look(state, 41, "as_good")
    assert.deepStrictEqual(shown(state), ["running", 50])
    state = look(look(state, 42, "worse"), 100, "as_good")
    assert.deepStrictEqual(shown(state), ["holding", 5])
    assert.match(state.reason, /went back 2 times/)
    assert.isTrue(AutopilotRules.canResume(state))
    const resumed = AutopilotRules.resume(state, 5, 101 * minute)
    assert.deepStrictEqual(shown(look(resumed, 111, "as_good")), ["running", 50])
  })

  it("pauses when an operator sets the percentage, and resumes from the lower percentage", () => {
    const at50 = look(AutopilotRules.start(plan, 0, 0), 10, "as_good")
    const paused = look(at50, 11, "worse", { percentage: 7 })
    assert.deepStrictEqual(shown(paused), ["paused", 50])
    assert.match(paused.reason, /set to 7 by another change/)
    assert.strictEqual(look(paused, 12, "worse"), paused)
    assert.deepStrictEqual(shown(AutopilotRules.resume(paused, 7, 12 * minute)), ["running", 5])
    assert.deepStrictEqual(shown(AutopilotRules.resume(paused, 0, 12 * minute)), ["running", 5])
    assert.deepStrictEqual(shown(AutopilotRules.resume(paused, 90, 12 * minute)), ["running", 50])
  })

  it("holds while runs cannot be compared, and pauses when the configuration conflicts with the plan", () => {
    const started = AutopilotRules.start(plan, 0, 0)
    const blocked = look(started, 20, "as_good", { blocked: "the breaker is open" })
    assert.deepStrictEqual([blocked.status, blocked.reason], ["holding", "the breaker is open"])
    assert.deepStrictEqual(shown(look(blocked, 21, "as_good")), ["running", 50])
    assert.strictEqual(look(started, 1, "as_good", { conflict: "not direct" }).status, "paused")
  })

  it("abort returns to the percentage before the start, never above the present one", () => {
    const started = AutopilotRules.start(plan, 3, 0)
    assert.deepStrictEqual(shown(AutopilotRules.abort(started, 5, minute, "aborted")), ["aborted", 3])
    assert.deepStrictEqual(shown(AutopilotRules.abort(started, 1, minute, "aborted")), ["aborted", 1])
  })

  const schedule = Schema.Array(
    Schema.Struct({
      judgement: Judgement,
      minutes: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 })),
      blocked: Schema.Boolean,
    }),
  )
  const play = (looks: typeof schedule.Type, autoApprove = false) => {
    const states = [AutopilotRules.start({ ...plan, autoApprove }, 0, 0)]
    let now = 0
    for (const { blocked, judgement, minutes } of looks) {
      now += minutes
      states.push(look(states.at(-1)!, now, judgement, { blocked: blocked ? "blocked" : undefined }))
    }
    return states
  }

  it.prop("never passes 50 % without a promotion, and rises only on as_good", [schedule], ([looks]) => {
    const states = play(looks)
    states.slice(1).forEach((state, index) => {
      const before = states[index]!
      assert.isAtMost(state.percentage, 50)
      const { blocked, judgement } = looks[index]!
      if (state.percentage > before.percentage)
        assert.deepStrictEqual([judgement, blocked], ["as_good", false])
      if (state.percentage < before.percentage) assert.deepStrictEqual([judgement, blocked], ["worse", false])
      if (state.percentage > before.percentage) {
        assert.strictEqual(state.step, before.step + 1)
        assert.isAtLeast(state.since, before.notBefore)
      }
    })
  })

  it.prop("never moves the percentage without data", [schedule], ([looks]) => {
    const states = play(
      looks.map((each) => ({ ...each, judgement: "cannot_tell" })),
      true,
    )
    for (const { percentage } of states) assert.strictEqual(percentage, 5)
  })

  it.prop(
    "gives the same states for the same ticks, also when it was stored in between",
    [schedule],
    ([looks]) => {
      const states = play(looks, true)
      let now = 0
      looks.forEach(({ blocked, judgement, minutes }, index) => {
        now += minutes
        const stored = JSON.parse(JSON.stringify(states[index])) as AutopilotState
        const next = look(stored, now, judgement, { blocked: blocked ? "blocked" : undefined })
        assert.deepStrictEqual(next, states[index + 1])
      })
    },
  )

  it("accepts only rising plans whose first step leaves room for a control", () => {
    const problems = (percentages: ReadonlyArray<number>) =>
      Schema.is(Plan)({ ...plan, steps: percentages.map((percentage) => ({ percentage, holdMs: 0 })) })
    assert.isTrue(problems([1, 50, 75, 100]))
    for (const wrong of [[], [60], [5, 5], [5, 3], [0], [5, 101]]) assert.isFalse(problems(wrong))
  })
})
