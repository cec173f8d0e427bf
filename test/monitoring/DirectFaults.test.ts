/** Whether direct mode is a place to flee to: whose faults say that it is not. */
import { assert, describe, it } from "@effect/vitest"
import type { Outcome } from "../../src/domain/Outcome.ts"
import * as Breaker from "../../src/monitoring/breaker/Breaker.ts"
import * as Breakers from "../../src/monitoring/breaker/Breakers.ts"
import * as Health from "../../src/monitoring/Health.ts"
import { admit, org, settings, start } from "./schedules.ts"

const direct = (health: Health.Health, number: number, outcome: Outcome) =>
  Health.record(health, { orgId: org(number), mode: "direct_llm", outcome, latencyMs: 1 }, start)

/** The runtime was good enough for so many organisations until now. */
const opened = (orgs: number): Health.Health => {
  const health = Health.make({ ...settings, probes: true }, start)
  for (let number = 0; number < orgs; number++) admit(health, org(number), start)
  Breakers.moveGlobal(health.breakers, Breaker.trip(health.breakers.global, start, "faults"))
  return health
}

describe("direct mode's faults", () => {
  it("of one organisation among others do not keep the others on a runtime that is down", () => {
    for (const orgs of [2, 3, 4, 50]) {
      const health = opened(orgs)
      for (let n = 0; n < 100; n++) direct(health, 0, "error")
      assert.deepStrictEqual([orgs, admit(health, org(1), start).allowed], [orgs, "no"])
    }
  })

  it("of all say that there is nowhere to flee to, however many organisations there are", () => {
    for (const orgs of [1, 2, 3, 4, 50]) {
      const health = opened(orgs)
      for (let n = 0; n < 12; n++) direct(health, n % orgs, "error")
      assert.deepStrictEqual([orgs, admit(health, org(0), start).allowed], [orgs, "yes"])
    }
  })
})
