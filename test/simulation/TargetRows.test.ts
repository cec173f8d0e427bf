import { assert, describe, it } from "@effect/vitest"
import * as Policies from "../../src/simulation/Policies.ts"
import * as TargetRows from "./TargetRows.ts"

const policy = (name: Policies.Name) => () => Policies.make(name, Policies.usual)
const targets = TargetRows.targets(policy("stay"))
const effort = { seeds: 2, turns: 10_000 }

const judge = (name: string, by: Policies.Name) => {
  const found = targets.find(({ scenario }) => scenario.name === name)!
  return TargetRows.judge(found, policy(by), effort)
}

const passed = (name: string, by: Policies.Name) => judge(name, by).map(({ pass }) => pass)

describe("The targets", () => {
  it("U7: are met by our policy in a hang and in a flapping fault", () => {
    assert.deepStrictEqual(passed("hang", "ours"), [true, true, true, true])
    assert.deepStrictEqual(passed("flapping", "ours"), [true, true, true, true])
  })

  it("are missed by a policy that never leaves, never returns, or leaves for one organisation", () => {
    assert.deepStrictEqual(passed("hang", "stay"), [false, false, true, true])
    assert.deepStrictEqual(passed("refused", "contract"), [false, true, false, false])
    assert.include(passed("blips", "envoy"), false)
  })

  it("name the simulated load in the row, also when shortened", () => {
    assert.match(judge("hang", "ours")[0]?.row ?? "", /hang \(5\/s, 1\.0 h, seeds 2\)/)
    assert.match(judge("healthy-0.5", "stay")[0]?.row ?? "", /0\.5\/s, 5\.6 h, seeds 1/)
  })

  it("count an event that never happened as missed", () => {
    const [detect] = judge("refused", "stay")
    assert.deepInclude(detect, { got: "median never, worst never", pass: false })
  })
})
