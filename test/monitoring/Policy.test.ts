/** Single numbers of the policy, each at its edge. */
import { assert, describe, it } from "@effect/vitest"
import type { Outcome } from "../../src/domain/Outcome.ts"
import { admit, org, settings, start } from "./schedules.ts"
import { TestMonitor } from "./TestMonitor.ts"

/** The contract needs more samples than any test has. */
const withoutContract = { ...settings, minSamples: 1_000_000, probes: true }

const begin = (monitor: TestMonitor, number: number, now: number) => {
  const { ticket } = admit(monitor, org(number), now)
  monitor.started(org(number), ticket, now)
  return ticket
}

const turn = (monitor: TestMonitor, number: number, outcome: Outcome, now: number) => {
  const ticket = begin(monitor, number, now)
  const ended = { orgId: org(number), mode: "runtime_orchestrator", outcome, latencyMs: 0, ticket } as const
  monitor.record(ended, now)
}

describe("the numbers of the policy", () => {
  it("starts the ramp after three good probes, however long two stay good", () => {
    const monitor = new TestMonitor(withoutContract, start)
    monitor.trip(start)
    const probe = (now: number) => {
      const taken = monitor.takeProbe(now)
      if (taken !== undefined) monitor.probeEnded(taken, "good", now)
      return monitor.status(now).state
    }
    assert.deepStrictEqual(
      [2000, 60_000, 61_000].map((ms) => probe(start + ms)),
      ["open", "open", "ramp"],
    )
  })

  it("opens the global breaker when three stalled attempts belong to other organisations, not when two do", () => {
    const states = [2, 3].map((others) => {
      const monitor = new TestMonitor(withoutContract, start)
      for (let attempt = 0; attempt < 12; attempt++) begin(monitor, 0, start)
      for (let other = 1; other <= others; other++) begin(monitor, other, start)
      const { orgs, state } = monitor.status(start + 9000)
      return [state, orgs.map(({ orgId }) => orgId)]
    })
    assert.deepStrictEqual(states, [
      ["closed", [org(0)]],
      ["open", []],
    ])
  })

  it("opens at 150 points of timeouts: 37 timeouts with a success between two", () => {
    const monitor = new TestMonitor(withoutContract, start)
    let timeouts = 0
    for (let n = 0; n < 200 && monitor.global.state === "closed"; n++) {
      const isTimeout = n % 2 === 0
      timeouts += isTimeout ? 1 : 0
      turn(monitor, n % 11, isTimeout ? "timeout_stall" : "success", start + n * 200)
    }
    assert.strictEqual(timeouts, 37)
    assert.match(monitor.status(start + 40_000).reason, /^timeouts 151 >= 150 /)
  })

  it("counts one organisation with at most 3 faults and 37.5 points of timeouts", () => {
    const monitor = new TestMonitor(withoutContract, start)
    for (let fault = 0; fault < 7; fault++) turn(monitor, 1, "timeout_stall", start)
    assert.deepStrictEqual([monitor.faults, monitor.breakers.timeouts.value], [3, 37.5])
  })
})
