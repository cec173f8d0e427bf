import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { faultAt, lastOn, Scenario } from "../../src/simulation/Scenario.ts"
import { scenarios } from "../../src/simulation/Scenarios.ts"

const seconds = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("A scenario", () => {
  it("has a unique name and can be stored in a file", () => {
    for (const scenario of scenarios) {
      assert.deepStrictEqual(Schema.decodeSync(Scenario)(structuredClone(scenario)), scenario)
    }
    assert.strictEqual(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
  })

  it.prop(
    "has a flapping fault on for the last time just before `lastOn`",
    [seconds(0, 100), seconds(1, 300), seconds(1, 60), seconds(1, 60)],
    ([from, length, on, off]) => {
      const fault = {
        mode: "runtime_orchestrator",
        what: { kind: "refused" },
        from,
        to: from + length,
        flapping: { on, off },
      } as const
      const scenario = { ...scenarios[0]!, faults: [fault] }
      const isOn = (atMs: number) => faultAt(scenario, "runtime_orchestrator", 0, atMs) !== undefined
      const last = lastOn(fault) * 1000
      assert.isTrue(isOn(last - 1))
      for (let at = last; at < (from + length + 100) * 1000; at += 500) assert.isFalse(isOn(at))
    },
  )
})
