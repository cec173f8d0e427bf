import { assert, describe, it } from "@effect/vitest"
import * as OrderedMap from "../../../src/platform/OrderedMap.ts"
import type { Outcome } from "../../../src/domain/Outcome.ts"
import * as Orgs from "../../../src/monitoring/evidence/Orgs.ts"
import type { Ticket } from "../../../src/monitoring/breaker/Ticket.ts"
import { admit, org, settings, start } from "../schedules.ts"
import { TestMonitor } from "../TestMonitor.ts"

const record = (monitor: TestMonitor, number: number, outcome: Outcome, now: number, ticket?: Ticket) => {
  const attempt = { orgId: org(number), mode: "runtime_orchestrator", outcome, latencyMs: 1 } as const
  monitor.record({ ...attempt, ticket }, now)
}

const fail = (monitor: TestMonitor, number: number, now: number, ticket?: Ticket) => {
  for (let fault = 0; fault < settings.minSamples; fault++) record(monitor, number, "error", now, ticket)
}

/** In the order of their last use. */
const known = (monitor: TestMonitor) => {
  return [...OrderedMap.values(monitor.breakers.orgs.byId)].map(({ id }) => id)
}

describe("Orgs", () => {
  it("holds the 10 000 last used organisations, and their evidence adds up", () => {
    const monitor = new TestMonitor(settings, start)
    // The first to be dropped has evidence of an earlier era, which is not in the sum.
    fail(monitor, -1, start)
    monitor.reset(start, "reset")
    for (let number = 0; number < Orgs.maxOrgs + 50; number++) record(monitor, number, "success", start)
    const kept = known(monitor)
    assert.deepStrictEqual(
      [kept.length, kept[0], kept.at(-1)],
      [Orgs.maxOrgs, org(50), org(Orgs.maxOrgs + 49)],
    )
    assert.strictEqual(monitor.evidence(start).total, Orgs.maxOrgs)
  })

  it("are in the order of their last use", () => {
    const monitor = new TestMonitor(settings, start)
    for (const number of [1, 2, 3, 2, 2, 1, 4, 1, 1, 3]) admit(monitor, org(number), start)
    assert.deepStrictEqual(known(monitor), [org(2), org(4), org(1), org(3)])
  })

  it("drops an organisation that is idle for a whole window, unless its breaker is not closed", () => {
    const monitor = new TestMonitor(settings, start)
    admit(monitor, org(2), start)
    fail(monitor, 1, start)
    admit(monitor, org(3), start + settings.windowMs - 1)
    assert.deepStrictEqual(known(monitor), [org(2), org(1), org(3)])
    admit(monitor, org(3), start + settings.windowMs + 10_000)
    assert.deepStrictEqual(known(monitor), [org(1), org(3)])
  })

  it("does not drop one whose breaker closed within ten minutes, so its next dwell is longer", () => {
    const monitor = new TestMonitor(settings, start)
    admit(monitor, org(2), start)
    fail(monitor, 1, start)
    const closedAt = start + 30_000
    for (let probe = 0; probe < 3; probe++) {
      record(monitor, 1, "success", closedAt, admit(monitor, org(1), closedAt).ticket)
    }
    const later = closedAt + settings.windowMs + 10_000
    admit(monitor, org(2), later)
    fail(monitor, 1, later)
    assert.containsSubset(monitor.status(later), {
      orgs: [{ orgId: org(1), nextProbeAt: later + 60_000 }],
    })
  })

  it("a ticket from before an organisation was dropped does not match its new breaker", () => {
    const monitor = new TestMonitor(settings, start)
    admit(monitor, org(2), start)
    const { ticket } = admit(monitor, org(1), start)
    fail(monitor, 1, start, ticket)
    monitor.reset(start, "reset", org(1))
    const later = start + 2 * settings.windowMs
    admit(monitor, org(2), later)
    assert.deepStrictEqual(known(monitor), [org(2)])
    fail(monitor, 1, later, ticket)
    assert.deepStrictEqual(monitor.status(later).orgs, [])
  })

  it("an override of an organisation outlives 10 000 others", () => {
    const monitor = new TestMonitor(settings, start)
    const order = { mode: "direct_llm", by: "ops", reason: "drill", expiresAt: null } as const
    monitor.setOverride(start, order, "drill", org(0))
    for (let number = 1; number <= Orgs.maxOrgs + 50; number++) admit(monitor, org(number), start + 1)
    assert.deepStrictEqual([known(monitor).length, known(monitor)[0]], [Orgs.maxOrgs, org(0)])
    assert.deepInclude(monitor.overrideOf(org(0), start + 1), order)
  })

  it("the override of an organisation expires, the log has the expiry, and the organisation can be dropped", () => {
    const monitor = new TestMonitor(settings, start)
    const expiresAt = start + 10_000
    const order = { mode: "direct_llm", by: "ops", reason: "drill", expiresAt } as const
    monitor.setOverride(start, { ...order, expiresAt: expiresAt + 1 }, "drill", org(2))
    monitor.setOverride(start, order, "drill", org(1))
    const runOut = (now: number) => {
      monitor.advance(now)
      return monitor.transitions.filter(({ reason }) => reason === "the override has expired")
    }
    assert.isEmpty(runOut(expiresAt - 1))
    assert.containsSubset(runOut(expiresAt), [{ orgId: org(1), from: "forced_direct", to: "closed" }])
    assert.strictEqual(runOut(expiresAt).length, 1)
    assert.strictEqual(runOut(expiresAt + 1).length, 2)
    admit(monitor, org(3), expiresAt + 2 * settings.windowMs)
    assert.deepStrictEqual(known(monitor), [org(3)])
  })

  it("an override that expired while no process ran is in the log of the next one", () => {
    const old = new TestMonitor(settings, start)
    const order = { mode: "direct_llm", by: "ops", reason: "drill", expiresAt: start + 1000 } as const
    old.setOverride(start, order, "drill", org(1))
    old.setOverride(start, order, "drill")
    const monitor = new TestMonitor(settings, start + 2000)
    monitor.restore(old.transitions, start + 2000)
    assert.isUndefined(monitor.overrideOf(org(1), start + 2000))
    monitor.advance(start + 2000)
    assert.deepStrictEqual(
      monitor.transitions.map(({ from, orgId, to }) => [orgId, from, to]),
      [
        [null, "forced_direct", "closed"],
        [org(1), "forced_direct", "closed"],
      ],
    )
  })

  it("a restart does not restore pristine organisations", () => {
    const old = new TestMonitor(settings, start)
    admit(old, org(2), start)
    fail(old, 1, start)
    old.reset(start, "reset", org(1))
    const monitor = new TestMonitor(settings, start + 1000)
    monitor.restore(old.transitions.slice(-1), start + 1000)
    assert.isEmpty(known(monitor))
  })

  it("a reset clears the evidence against an organisation, also when it had not left", () => {
    const monitor = new TestMonitor({ ...settings, minSamples: 8 }, start)
    for (let number = 2; number < 6; number++) admit(monitor, org(number), start)
    for (let again = 0; again < 3; again++) {
      for (let fault = 0; fault < 7; fault++) record(monitor, 1, "error", start + again)
      monitor.reset(start + again, "reset", org(1))
      assert.strictEqual(monitor.faults, 0)
      assert.strictEqual(monitor.faultsOf(org(1)), 0)
      assert.strictEqual(monitor.evidence(start + again).total, 0)
    }
    assert.deepStrictEqual(monitor.status(start + 3).transitions, [])
  })

  it("holds the last 1000 transitions", () => {
    const monitor = new TestMonitor(settings, start)
    for (let trip = 0; trip < 600; trip++) {
      fail(monitor, 1, start + trip)
      monitor.reset(start + trip, "reset")
    }
    assert.strictEqual(monitor.transitions.length, 1000)
    assert.strictEqual(monitor.transitions.at(-1)?.at, start + 599)
  })
})
