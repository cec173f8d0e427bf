/** What each attempt adds to the evidence of all and of its organisation, or takes from it. */
import { assert, describe, it } from "@effect/vitest"
import type { Outcome } from "../../src/domain/Outcome.ts"
import * as Health from "../../src/monitoring/Health.ts"
import * as Probes from "../../src/monitoring/probes/Probes.ts"
import { admit, org, settings, start } from "./schedules.ts"

const make = () => {
  const health = Health.make({ ...settings, minSamples: 1_000_000, probes: true }, start)
  const probe = Probes.take(health, start)
  if (probe !== undefined) Probes.ended(health, probe, "good", start)
  return health
}

const begin = (health: Health.Health, number: number, now: number) => {
  const { ticket } = admit(health, org(number), now)
  Health.started(health, org(number), ticket, now)
  const end = (outcome: Outcome) =>
    Health.record(
      health,
      { orgId: org(number), mode: "runtime_orchestrator", outcome, latencyMs: 0, ticket },
      now,
    )
  return { progress: () => Health.progressed(health, ticket, now), end }
}

const fail = (health: Health.Health, number: number, outcome: Outcome = "error") =>
  begin(health, number, start).end(outcome)

/** Of all, and of the first organisation alone. */
const faults = ({ breakers }: Health.Health) => [
  breakers.faults.value,
  breakers.orgs.byId.get(org(1))?.faults.value,
]

describe("the weight of an attempt", () => {
  it("a fault counts 1; a first progress takes 0.75 and the good end 0.25, or all of it at the end", () => {
    const health = make()
    fail(health, 1)
    fail(health, 1)
    assert.deepStrictEqual(faults(health), [2, 2])
    const attempt = begin(health, 1, start)
    attempt.progress()
    assert.deepStrictEqual(faults(health), [1.25, 1.25])
    attempt.progress()
    attempt.end("success")
    assert.deepStrictEqual(faults(health), [1, 1])
    fail(health, 1)
    begin(health, 1, start).end("success")
    assert.deepStrictEqual(faults(health), [1, 1])
  })

  it("a fault after the first progress takes that back and counts 1", () => {
    const health = make()
    fail(health, 1)
    fail(health, 1)
    const attempt = begin(health, 1, start)
    attempt.progress()
    attempt.end("error")
    assert.deepStrictEqual(faults(health), [3, 3])
  })

  it("a neutral end takes and adds nothing", () => {
    const health = make()
    fail(health, 1)
    fail(health, 1, "neutral")
    assert.deepStrictEqual(faults(health), [1, 1])
  })

  it("a timeout counts 7 among the timeouts, every other end takes 3, whatever it was", () => {
    const health = make()
    const { timeouts } = health.breakers
    for (const outcome of ["timeout_first_content", "timeout_stall", "timeout_total"] as const) {
      fail(health, 1, outcome)
    }
    assert.strictEqual(timeouts.value, 21)
    fail(health, 2)
    assert.strictEqual(timeouts.value, 18)
    begin(health, 2, start).end("success")
    assert.strictEqual(timeouts.value, 15)
  })

  it("a synthetic probe counts 2 either way, and once", () => {
    const health = make()
    for (let number = 1; number < 4; number++) fail(health, number)
    const take = (now: number) => Probes.take(health, now)!
    const bad = take(start + 1000)
    Probes.ended(health, bad, "bad", start + 1000)
    Probes.ended(health, bad, "bad", start + 1000)
    assert.strictEqual(health.breakers.faults.value, 5)
    const good = take(start + 2000)
    Probes.ended(health, good, "good", start + 2000)
    Probes.ended(health, good, "good", start + 2000)
    assert.strictEqual(health.breakers.faults.value, 3)
    Probes.ended(health, take(start + 3000), "neutral", start + 3000)
    assert.strictEqual(health.breakers.faults.value, 3)
  })
})
