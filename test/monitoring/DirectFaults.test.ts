/** Faults of direct mode that keep turns on the runtime. */
import { assert, describe, it } from "@effect/vitest"
import type { Outcome } from "../../src/domain/Outcome.ts"
import { admit, org, settings, start } from "./schedules.ts"
import { TestMonitor } from "./TestMonitor.ts"

const direct = (monitor: TestMonitor, number: number, outcome: Outcome) =>
  monitor.record({ orgId: org(number), mode: "direct_llm", outcome, latencyMs: 1 }, start)

/** The runtime was good enough for so many organisations until now. */
const opened = (orgs: number): TestMonitor => {
  const monitor = new TestMonitor({ ...settings, probes: true }, start)
  for (let number = 0; number < orgs; number++) admit(monitor, org(number), start)
  monitor.trip(start)
  return monitor
}

describe("the faults of direct mode", () => {
  it("from one organisation do not keep the others on a runtime that is down", () => {
    for (const orgs of [2, 3, 4, 50]) {
      const monitor = opened(orgs)
      for (let n = 0; n < 100; n++) direct(monitor, 0, "error")
      assert.deepStrictEqual([orgs, admit(monitor, org(1), start).allowed], [orgs, "no"])
    }
  })

  it("from all organisations keep turns on the runtime, for any number of organisations", () => {
    for (const orgs of [1, 2, 3, 4, 50]) {
      const monitor = opened(orgs)
      for (let n = 0; n < 12; n++) direct(monitor, n % orgs, "error")
      assert.deepStrictEqual([orgs, admit(monitor, org(0), start).allowed], [orgs, "yes"])
    }
  })
})
