import { assert, describe, it } from "@effect/vitest"
import * as IntrusiveList from "../../../src/platform/IntrusiveList.ts"
import type { Outcome } from "../../../src/domain/Outcome.ts"
import * as RuntimePermission from "../../../src/monitoring/breaker/RuntimePermission.ts"
import * as Health from "../../../src/monitoring/Health.ts"
import * as HealthReport from "../../../src/monitoring/HealthReport.ts"
import * as Orgs from "../../../src/monitoring/evidence/Orgs.ts"
import * as SlidingWindow from "../../../src/monitoring/evidence/SlidingWindow.ts"
import type { Ticket } from "../../../src/monitoring/breaker/Ticket.ts"
import { admit, org, settings, start } from "../schedules.ts"

const record = (health: Health.Health, number: number, outcome: Outcome, now: number, ticket?: Ticket) => {
  const attempt = { orgId: org(number), mode: "runtime_orchestrator", outcome, latencyMs: 1 } as const
  Health.record(health, { ...attempt, ticket }, now)
}

const fail = (health: Health.Health, number: number, now: number, ticket?: Ticket) => {
  for (let fault = 0; fault < settings.minSamples; fault++) record(health, number, "error", now, ticket)
}

/** In the order of their last use. */
const known = (health: Health.Health) => {
  const { orgs } = health.breakers
  const inOrder = [...IntrusiveList.each(orgs.byUse)].map(({ id }) => id)
  assert.sameMembers(inOrder, [...orgs.byId.keys()])
  return inOrder
}

describe("Orgs", () => {
  it("no more than 10 000 organisations are kept, the last used ones, and their evidence still adds up", () => {
    const health = Health.make(settings, start)
    // The first to be dropped has evidence of an earlier era, which is not in the sum.
    fail(health, -1, start)
    Health.reset(health, start, "reset")
    for (let number = 0; number < Orgs.maxOrgs + 50; number++) record(health, number, "success", start)
    const kept = known(health)
    assert.deepStrictEqual(
      [kept.length, kept[0], kept.at(-1)],
      [Orgs.maxOrgs, org(50), org(Orgs.maxOrgs + 49)],
    )
    assert.strictEqual(SlidingWindow.tally(health.breakers.evidence, start).total, Orgs.maxOrgs)
  })

  it("they stand in the order of their last use, however often one is used", () => {
    const health = Health.make(settings, start)
    for (const number of [1, 2, 3, 2, 2, 1, 4, 1, 1, 3]) admit(health, org(number), start)
    assert.deepStrictEqual(known(health), [org(2), org(4), org(1), org(3)])
  })

  it("an organisation that is idle for a whole window is forgotten, unless its breaker is not closed", () => {
    const health = Health.make(settings, start)
    admit(health, org(2), start)
    fail(health, 1, start)
    admit(health, org(3), start + settings.windowMs - 1)
    assert.deepStrictEqual(known(health), [org(2), org(1), org(3)])
    admit(health, org(3), start + settings.windowMs + 10_000)
    assert.deepStrictEqual(known(health), [org(1), org(3)])
  })

  it("an organisation whose breaker closed less than ten minutes ago is not, so its next dwell is longer", () => {
    const health = Health.make(settings, start)
    admit(health, org(2), start)
    fail(health, 1, start)
    const closedAt = start + 30_000
    for (let probe = 0; probe < 3; probe++) {
      record(health, 1, "success", closedAt, admit(health, org(1), closedAt).ticket)
    }
    const later = closedAt + settings.windowMs + 10_000
    admit(health, org(2), later)
    fail(health, 1, later)
    assert.containsSubset(HealthReport.status(health, later), {
      orgs: [{ orgId: org(1), nextProbeAt: later + 60_000 }],
    })
  })

  it("an organisation that was forgotten and comes back does not take the tickets of its former life", () => {
    const health = Health.make(settings, start)
    admit(health, org(2), start)
    const { ticket } = admit(health, org(1), start)
    fail(health, 1, start, ticket)
    Health.reset(health, start, "reset", org(1))
    const later = start + 2 * settings.windowMs
    admit(health, org(2), later)
    assert.deepStrictEqual(known(health), [org(2)])
    fail(health, 1, later, ticket)
    assert.deepStrictEqual(HealthReport.status(health, later).orgs, [])
  })

  it("an operator's order for an organisation outlives 10 000 others", () => {
    const health = Health.make(settings, start)
    const order = { mode: "direct_llm", by: "ops", reason: "drill", expiresAt: null } as const
    Health.force(health, start, order, "drill", org(0))
    for (let number = 1; number <= Orgs.maxOrgs + 50; number++) admit(health, org(number), start + 1)
    assert.deepStrictEqual([known(health).length, known(health)[0]], [Orgs.maxOrgs, org(0)])
    assert.deepInclude(RuntimePermission.forcedOf(health, org(0), start + 1), order)
  })

  it("an order for an organisation runs out by itself, the log says so, and the organisation can be forgotten", () => {
    const health = Health.make(settings, start)
    const expiresAt = start + 10_000
    const order = { mode: "direct_llm", by: "ops", reason: "drill", expiresAt } as const
    Health.force(health, start, { ...order, expiresAt: expiresAt + 1 }, "drill", org(2))
    Health.force(health, start, order, "drill", org(1))
    const runOut = (now: number) => {
      Health.advance(health, now)
      return health.breakers.transitions.filter(({ reason }) => reason === "the order has run out")
    }
    assert.isEmpty(runOut(expiresAt - 1))
    assert.containsSubset(runOut(expiresAt), [{ orgId: org(1), from: "forced_direct", to: "closed" }])
    assert.strictEqual(runOut(expiresAt).length, 1)
    assert.strictEqual(runOut(expiresAt + 1).length, 2)
    admit(health, org(3), expiresAt + 2 * settings.windowMs)
    assert.deepStrictEqual(known(health), [org(3)])
  })

  it("an order that ran out while no process ran is in the log of the next one", () => {
    const old = Health.make(settings, start)
    const order = { mode: "direct_llm", by: "ops", reason: "drill", expiresAt: start + 1000 } as const
    Health.force(old, start, order, "drill", org(1))
    Health.force(old, start, order, "drill")
    const health = Health.make(settings, start + 2000)
    Health.restore(health, old.breakers.transitions, start + 2000)
    assert.isUndefined(RuntimePermission.forcedOf(health, org(1), start + 2000))
    Health.advance(health, start + 2000)
    assert.deepStrictEqual(
      health.breakers.transitions.map(({ from, orgId, to }) => [orgId, from, to]),
      [
        [null, "forced_direct", "closed"],
        [org(1), "forced_direct", "closed"],
      ],
    )
  })

  it("a restart does not bring back organisations of which there is nothing to know", () => {
    const old = Health.make(settings, start)
    admit(old, org(2), start)
    fail(old, 1, start)
    Health.reset(old, start, "reset", org(1))
    const health = Health.make(settings, start + 1000)
    Health.restore(health, old.breakers.transitions.slice(-1), start + 1000)
    assert.isEmpty(known(health))
  })

  it("a reset forgets what is held against an organisation, also when it had not left", () => {
    const health = Health.make({ ...settings, minSamples: 8 }, start)
    for (let number = 2; number < 6; number++) admit(health, org(number), start)
    for (let again = 0; again < 3; again++) {
      for (let fault = 0; fault < 7; fault++) record(health, 1, "error", start + again)
      Health.reset(health, start + again, "reset", org(1))
      assert.strictEqual(health.breakers.faults.value, 0)
      assert.strictEqual(health.breakers.orgs.byId.get(org(1))?.faults.value, 0)
      assert.strictEqual(SlidingWindow.tally(health.breakers.evidence, start + again).total, 0)
    }
    assert.deepStrictEqual(HealthReport.status(health, start + 3).transitions, [])
  })

  it("of all transitions the last 1000 are kept", () => {
    const health = Health.make(settings, start)
    for (let trip = 0; trip < 600; trip++) {
      fail(health, 1, start + trip)
      Health.reset(health, start + trip, "reset")
    }
    assert.strictEqual(health.breakers.transitions.length, 1000)
    assert.strictEqual(health.breakers.transitions.at(-1)?.at, start + 599)
  })
})
