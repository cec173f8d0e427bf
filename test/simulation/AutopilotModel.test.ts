import { assert, describe, it } from "@effect/vitest"
import { simulate } from "./AutopilotModel.ts"
import { type Effect, noEffect } from "./AutopilotTraffic.ts"

const rollouts = (count: number, effect: Partial<Effect>, turnsPerSecond = 0.5) =>
  Array.from({ length: count }, (_, seed) => simulate(seed + 1, turnsPerSecond, { ...noEffect, ...effect }))

describe("the autopilot on simulated traffic", () => {
  it("two equal modes reach 100 %", () => {
    for (const { state, wentBackAt } of rollouts(20, {})) {
      assert.deepStrictEqual([state.status, state.percentage, wentBackAt], ["completed", 100, undefined])
    }
  })

  it("a drop of 3 points of success is caught before 25 %, also when the fallback hides it", () => {
    for (const effect of [{ failures: 0.03 }, { hiddenFaults: 0.03 }]) {
      for (const { highest, wentBackAt } of rollouts(20, effect)) {
        assert.isDefined(wentBackAt)
        assert.isBelow(highest, 25)
      }
    }
  })

  it("stays at the first step without traffic", () => {
    const [{ state }] = rollouts(1, {}, 0) as [ReturnType<typeof simulate>]
    assert.deepStrictEqual([state.status, state.percentage, state.history], ["holding", 1, []])
  })

  it("the same seed gives the same rollout", () => {
    assert.deepStrictEqual(rollouts(1, { latency: 2 }), rollouts(1, { latency: 2 }))
  })
})
