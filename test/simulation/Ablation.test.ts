import { assert, describe, it } from "@effect/vitest"
import * as Ablation from "./Ablation.ts"
import * as Policies from "../../src/simulation/Policies.ts"
import type { Policy } from "../../src/simulation/Policy.ts"
import * as ScenarioRun from "../../src/simulation/ScenarioRun.ts"
import * as Scenarios from "../../src/simulation/Scenarios.ts"

const play = (policy: Policy, name: string) => {
  const { all, moves, needlessDirect, waits } = ScenarioRun.run(Scenarios.find(name), policy, 2)
  return { all, moves, needlessDirect, waits }
}

/** Scenarios in which a missing signal changes the result. */
const cases: ReadonlyArray<readonly [Ablation.Signal, string]> = [
  ["fault counter", "refused"],
  ["timeout counter", "hangs-40"],
  ["silence", "hang"],
  ["contract", "flapping"],
  ["first-progress deadline", "hangs-40"],
  ["short deadline when open", "slow-5"],
  ["confirming probes", "hang"],
  ["idle probes", "one-a-minute"],
  ["organisation's counter", "one-of-three-orgs"],
  ["fair weight", "unseen-by-probes"],
  ["ramp", "refused"],
  ["growing hold", "flapping"],
  ["health of direct mode", "both-modes"],
]

describe("the policy without one signal", () => {
  it("has a case for every signal", () => {
    assert.deepStrictEqual(
      cases.map(([signal]) => signal),
      [...Ablation.signals],
    )
  })

  it.each(cases)("behaves differently: %s, in %s", (signal, name) => {
    const ours = play(Policies.make("ours", Policies.usual), name)
    const without = play(Ablation.without(Policies.usual, signal) as Policy, name)
    assert.notDeepEqual(without, ours)
  })
})
