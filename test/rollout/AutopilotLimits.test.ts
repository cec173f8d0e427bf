/** The limits of the guarded rollout: the percentage that needs a person, and the length of its records. */
import { assert, describe, it } from "@effect/vitest"
import type { AutopilotPlan, AutopilotState } from "../../src/domain/Autopilot.ts"
import { defaultAutopilotPlan } from "../../src/domain/AutopilotLimits.ts"
import * as AutopilotRules from "../../src/rollout/AutopilotRules.ts"
import * as Samples from "../../src/rollout/Samples.ts"
import { judge } from "../../src/rollout/Verdict.ts"

const planOf = (...percentages: ReadonlyArray<number>): AutopilotPlan => ({
  ...defaultAutopilotPlan,
  steps: [{ percentage: 5, holdMs: 0 }, ...percentages.map((percentage) => ({ percentage, holdMs: 0 }))],
})

const asGood = (state: AutopilotState, now = 1): AutopilotState =>
  AutopilotRules.advance(state, {
    ...{ now, percentage: state.percentage, conflict: undefined, blocked: undefined },
    verdict: { ...judge(Samples.empty(), defaultAutopilotPlan, 5), judgement: "as_good" },
  })

describe("a guarded rollout", () => {
  for (const [percentage, status] of [
    [50, "running"],
    [51, "awaiting_approval"],
  ] as const)
    it(`is ${status} after a good step when the next step has ${percentage} %`, () => {
      assert.strictEqual(asGood(AutopilotRules.start(planOf(percentage), 0, 0)).status, status)
    })

  it("stores the newest 100 entries of its history", () => {
    const steps = Array.from({ length: 150 }, () => 50)
    let state = AutopilotRules.start(planOf(...steps), 0, 0)
    for (let now = 1; now <= 150; now++) state = asGood(state, now)
    assert.lengthOf(state.history, 100)
    assert.deepInclude(state.history.at(-1), { to: 150 })
  })

  it("stores the newest 50 gaps", () => {
    let state = AutopilotRules.start(planOf(50), 0, 0)
    for (let gap = 1; gap <= 100; gap++) state = AutopilotRules.withGap(state, gap * 10, gap * 10 + 1)
    assert.lengthOf(state.gaps, 50)
    assert.deepStrictEqual(state.gaps.at(-1), { from: 1000, to: 1001 })
  })
})
