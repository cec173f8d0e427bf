import { assert, describe, it } from "@effect/vitest"
import * as Policies from "../../src/simulation/Policies.ts"
import type { Policy } from "../../src/simulation/Policy.ts"
import type { Scenario } from "../../src/simulation/Scenario.ts"
import * as ScenarioRun from "../../src/simulation/ScenarioRun.ts"

const scenario: Scenario = {
  name: "test",
  turnsPerSecond: 5,
  seconds: 600,
  orgs: 4,
  errorRate: 0.1,
  faults: [
    { mode: "runtime_orchestrator", what: { kind: "hang", share: 0.6 }, from: 200, to: 400, org: 1 },
    { mode: "direct_llm", what: { kind: "errors", share: 0.5 }, from: 300, to: 350 },
  ],
}

const ours = () => Policies.make("ours", Policies.usual)

/** Records each arrival. */
const watched = (policy: Policy) => {
  const came: Array<string> = []
  const admit: Policy["admit"] = (orgId, sessionId, now) => {
    came.push(`${now} ${orgId} ${sessionId}`)
    return policy.admit(orgId, sessionId, now)
  }
  return { policy: { ...policy, admit }, came }
}

describe("A simulated run", () => {
  it("depends on the seed only", () => {
    const figures = (seed: number) => {
      const { all, inFault, moves, needlessDirect, slices } = ScenarioRun.run(scenario, ours(), seed)
      return { all, inFault, moves, needlessDirect, slices }
    }
    assert.deepStrictEqual(figures(1), figures(1))
    assert.notDeepEqual(figures(1), figures(2))
  })

  it("gives every policy the same users at the same times", () => {
    const all = Policies.names.map((name) => {
      const { came, policy } = watched(Policies.make(name, Policies.usual))
      ScenarioRun.run(scenario, policy, 3)
      return came
    })
    assert.isAbove(all[0]?.length ?? 0, 2500)
    for (const came of all) assert.deepStrictEqual(came, all[0])
  })

  it("ends every chat once under every policy", () => {
    for (const name of Policies.names) {
      const { all, slices } = ScenarioRun.run(scenario, Policies.make(name, Policies.usual), 4)
      const ended = slices.reduce((sum, { direct, failed, runtime }) => sum + direct + failed + runtime, 0)
      assert.strictEqual(ended, all.begun, name)
      assert.strictEqual(
        slices.reduce((sum, { failed }) => sum + failed, 0),
        all.failed,
      )
    }
  })
})
