/** Nothing that hangs ever ends: when silence is enough, and whose it is. */
import { assert, describe, it } from "@effect/vitest"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import * as Health from "../../src/monitoring/Health.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import { admit, between, list, org, settings, start } from "./schedules.ts"

const runtime = "runtime_orchestrator"

/** Begins a turn of the organisation, if it is let in. */
const begin = (health: Health.Health, orgId: OrgId, now: number): Ticket | undefined => {
  const { allowed, ticket } = admit(health, orgId, now)
  if (allowed === "no") return undefined
  Health.started(health, orgId, ticket, now)
  return ticket
}

const end = (health: Health.Health, orgId: OrgId, ticket: Ticket, outcome: Outcome, now: number) =>
  Health.record(health, { orgId, mode: runtime, outcome, latencyMs: 0, ticket }, now)

/** A turn that begins and ends now. */
const turn = (health: Health.Health, number: number, outcome: Outcome, now: number) => {
  const ticket = begin(health, org(number), now)
  if (ticket === undefined) return
  if (outcome === "success") Health.progressed(health, ticket, now)
  end(health, org(number), ticket, outcome, now)
}

const stateOf = (health: Health.Health, number: number) =>
  health.breakers.orgs.byId.get(org(number))?.breaker.state
const global = (health: Health.Health) => health.breakers.global.state

describe("silence", () => {
  it("a runtime that hangs for all is left within 10 s, however many organisations there are", () => {
    for (const orgs of [1, 2, 3, 4, 50]) {
      const health = Health.make(settings, start)
      for (let n = 0; n < 50; n++) turn(health, n % orgs, "success", start + n * 200)
      const from = start + 10_000
      for (let n = 0; n < 50; n++) begin(health, org(n % orgs), from + n * 200)
      assert.deepStrictEqual([orgs, global(health)], [orgs, "open"])
    }
  })

  it("one organisation whose turns hang leaves alone, also while the others send little", () => {
    const health = Health.make(settings, start)
    for (const number of [1, 2, 3]) turn(health, number, "success", start)
    for (let n = 0; n < 150; n++) {
      const now = start + n * 200
      begin(health, org(0), now)
      if (n % 100 === 99) turn(health, 1 + (n % 3), "success", now)
    }
    assert.deepStrictEqual([global(health), stateOf(health, 0)], ["closed", "open"])
    assert.strictEqual(health.breakers.running.waiting, 0, "what it has under way has no say any more")
  })

  it("what begins with a ticket of an epoch that is over is not waited for", () => {
    const health = Health.make(settings, start)
    for (const number of [1, 2]) turn(health, number, "success", start)
    const { ticket } = admit(health, org(0), start)
    for (let n = 0; n < 10; n++) turn(health, 0, "error", start + 1)
    assert.deepStrictEqual([global(health), stateOf(health, 0)], ["closed", "open"])
    Health.started(health, org(0), ticket, start + 2)
    assert.strictEqual(health.breakers.running.waiting, 0)
  })

  it("many turns that begin at once after a pause are no silence, though one was waiting all the while", () => {
    const health = Health.make(settings, start)
    begin(health, org(1), start)
    const now = start + 12_000
    for (let n = 0; n < 30; n++) begin(health, org(n), now)
    Health.advance(health, now + 1000)
    assert.strictEqual(global(health), "closed")
    Health.advance(health, now + 5000)
    assert.strictEqual(global(health), "open")
  })

  it.prop(
    "whatever one organisation does, begun or ended, the others stay on the runtime while they are served",
    [list(between(0, 9), 300), between(100, 1500)],
    ([acts, gapMs]) => {
      const health = Health.make(settings, start)
      const hanging: Array<Ticket> = []
      for (const number of [1, 2, 3]) turn(health, number, "success", start)
      for (const [n, act] of acts.entries()) {
        const now = start + n * gapMs
        if (act < 6) {
          const ticket = begin(health, org(0), now)
          if (ticket !== undefined) hanging.push(ticket)
        } else if (act < 9) {
          const ticket = hanging.shift()
          if (ticket !== undefined)
            end(health, org(0), ticket, act === 6 ? "error" : "timeout_first_content", now)
        } else {
          turn(health, 1 + (n % 3), "success", now)
        }
        assert.strictEqual(global(health), "closed")
      }
    },
    { arbitrary: { runs: 200, size: 300 } },
  )
})
