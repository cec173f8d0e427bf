/** Nothing that hangs ever ends: when silence is enough, and whose it is. */
import { assert, describe, it } from "@effect/vitest"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import { admit, between, list, org, settings, start } from "./schedules.ts"
import { TestMonitor } from "./TestMonitor.ts"

const runtime = "runtime_orchestrator"

/** Begins a turn of the organisation, if it is let in. */
const begin = (monitor: TestMonitor, orgId: OrgId, now: number): Ticket | undefined => {
  const { allowed, ticket } = admit(monitor, orgId, now)
  if (allowed === "no") return undefined
  monitor.started(orgId, ticket, now)
  return ticket
}

const end = (monitor: TestMonitor, orgId: OrgId, ticket: Ticket, outcome: Outcome, now: number) =>
  monitor.record({ orgId, mode: runtime, outcome, latencyMs: 0, ticket }, now)

/** A turn that begins and ends now. */
const turn = (monitor: TestMonitor, number: number, outcome: Outcome, now: number) => {
  const ticket = begin(monitor, org(number), now)
  if (ticket === undefined) return
  if (outcome === "success") monitor.progressed(ticket, now)
  end(monitor, org(number), ticket, outcome, now)
}

const stateOf = (monitor: TestMonitor, number: number) => monitor.breakerOf(org(number))?.state
const global = (monitor: TestMonitor) => monitor.global.state

describe("silence", () => {
  it("opens the global breaker within 10 s when the runtime hangs for all, for any number of organisations", () => {
    for (const orgs of [1, 2, 3, 4, 50]) {
      const monitor = new TestMonitor(settings, start)
      for (let n = 0; n < 50; n++) turn(monitor, n % orgs, "success", start + n * 200)
      const from = start + 10_000
      for (let n = 0; n < 50; n++) begin(monitor, org(n % orgs), from + n * 200)
      assert.deepStrictEqual([orgs, global(monitor)], [orgs, "open"])
    }
  })

  it("one organisation whose turns hang leaves alone, also while the others send little", () => {
    const monitor = new TestMonitor(settings, start)
    for (const number of [1, 2, 3]) turn(monitor, number, "success", start)
    for (let n = 0; n < 150; n++) {
      const now = start + n * 200
      begin(monitor, org(0), now)
      if (n % 100 === 99) turn(monitor, 1 + (n % 3), "success", now)
    }
    assert.deepStrictEqual([global(monitor), stateOf(monitor, 0)], ["closed", "open"])
    assert.strictEqual(monitor.waiting, 0, "what it has under way has no say any more")
  })

  it("an attempt with a ticket of an older epoch does not count as waiting", () => {
    const monitor = new TestMonitor(settings, start)
    for (const number of [1, 2]) turn(monitor, number, "success", start)
    const { ticket } = admit(monitor, org(0), start)
    for (let n = 0; n < 10; n++) turn(monitor, 0, "error", start + 1)
    assert.deepStrictEqual([global(monitor), stateOf(monitor, 0)], ["closed", "open"])
    monitor.started(org(0), ticket, start + 2)
    assert.strictEqual(monitor.waiting, 0)
  })

  it("many turns that begin at once after a pause are no silence, although one has waited for long", () => {
    const monitor = new TestMonitor(settings, start)
    begin(monitor, org(1), start)
    const now = start + 12_000
    for (let n = 0; n < 30; n++) begin(monitor, org(n), now)
    monitor.advance(now + 1000)
    assert.strictEqual(global(monitor), "closed")
    monitor.advance(now + 5000)
    assert.strictEqual(global(monitor), "open")
  })

  it.prop(
    "nothing that one organisation does moves the others off a runtime that serves them",
    [list(between(0, 9), 300), between(100, 1500)],
    ([acts, gapMs]) => {
      const monitor = new TestMonitor(settings, start)
      const hanging: Array<Ticket> = []
      for (const number of [1, 2, 3]) turn(monitor, number, "success", start)
      for (const [n, act] of acts.entries()) {
        const now = start + n * gapMs
        if (act < 6) {
          const ticket = begin(monitor, org(0), now)
          if (ticket !== undefined) hanging.push(ticket)
        } else if (act < 9) {
          const ticket = hanging.shift()
          if (ticket !== undefined)
            end(monitor, org(0), ticket, act === 6 ? "error" : "timeout_first_content", now)
        } else {
          turn(monitor, 1 + (n % 3), "success", now)
        }
        assert.strictEqual(global(monitor), "closed")
      }
    },
    { arbitrary: { runs: 200, size: 300 } },
  )
})
