/** The amount that each attempt adds to the common evidence and to its organisation's, or takes from it. */
import { assert, describe, it } from "@effect/vitest"
import type { Outcome } from "../../src/domain/Outcome.ts"
import { admit, org, settings, start } from "./schedules.ts"
import { TestMonitor } from "./TestMonitor.ts"

const make = () => {
  const monitor = new TestMonitor({ ...settings, minSamples: 1_000_000, probes: true }, start)
  const probe = monitor.takeProbe(start)
  if (probe !== undefined) monitor.probeEnded(probe, "good", start)
  return monitor
}

const begin = (monitor: TestMonitor, number: number, now: number) => {
  const { ticket } = admit(monitor, org(number), now)
  monitor.started(org(number), ticket, now)
  const end = (outcome: Outcome) =>
    monitor.record({ orgId: org(number), mode: "runtime_orchestrator", outcome, latencyMs: 0, ticket }, now)
  return { progress: () => monitor.progressed(ticket, now), end }
}

const fail = (monitor: TestMonitor, number: number, outcome: Outcome = "error") =>
  begin(monitor, number, start).end(outcome)

/** The common faults, and those of the first organisation. */
const faults = (monitor: TestMonitor) => [monitor.faults, monitor.faultsOf(org(1))]

describe("the weight of an attempt", () => {
  it("a fault counts 1; a first progress takes 0.75 and the good end 0.25, or all of it at the end", () => {
    const monitor = make()
    fail(monitor, 1)
    fail(monitor, 1)
    assert.deepStrictEqual(faults(monitor), [2, 2])
    const attempt = begin(monitor, 1, start)
    attempt.progress()
    assert.deepStrictEqual(faults(monitor), [1.25, 1.25])
    attempt.progress()
    attempt.end("success")
    assert.deepStrictEqual(faults(monitor), [1, 1])
    fail(monitor, 1)
    begin(monitor, 1, start).end("success")
    assert.deepStrictEqual(faults(monitor), [1, 1])
  })

  it("a fault after the first progress takes that back and counts 1", () => {
    const monitor = make()
    fail(monitor, 1)
    fail(monitor, 1)
    const attempt = begin(monitor, 1, start)
    attempt.progress()
    attempt.end("error")
    assert.deepStrictEqual(faults(monitor), [3, 3])
  })

  it("a neutral end takes and adds nothing", () => {
    const monitor = make()
    fail(monitor, 1)
    fail(monitor, 1, "neutral")
    assert.deepStrictEqual(faults(monitor), [1, 1])
  })

  it("a timeout counts 7 among the timeouts, every other end takes 3, whatever it was", () => {
    const monitor = make()
    const timeouts = () => monitor.breakers.timeouts.value
    for (const outcome of ["timeout_first_content", "timeout_stall", "timeout_total"] as const) {
      fail(monitor, 1, outcome)
    }
    assert.strictEqual(timeouts(), 21)
    fail(monitor, 2)
    assert.strictEqual(timeouts(), 18)
    begin(monitor, 2, start).end("success")
    assert.strictEqual(timeouts(), 15)
  })

  it("a synthetic probe counts 2 either way, and once", () => {
    const monitor = make()
    for (let number = 1; number < 4; number++) fail(monitor, number)
    const take = (now: number) => monitor.takeProbe(now)!
    const bad = take(start + 1000)
    monitor.probeEnded(bad, "bad", start + 1000)
    monitor.probeEnded(bad, "bad", start + 1000)
    assert.strictEqual(monitor.faults, 5)
    const good = take(start + 2000)
    monitor.probeEnded(good, "good", start + 2000)
    monitor.probeEnded(good, "good", start + 2000)
    assert.strictEqual(monitor.faults, 3)
    monitor.probeEnded(take(start + 3000), "neutral", start + 3000)
    assert.strictEqual(monitor.faults, 3)
  })
})
