/** What must hold of the breakers whatever happens: random schedules of turns, probes, orders and time. */
import { assert, describe, it } from "@effect/vitest"
import type { OrgId } from "../../src/domain/Ids.ts"
import { Outcome } from "../../src/domain/Outcome.ts"
import type * as Breaker from "../../src/monitoring/breaker/Breaker.ts"
import * as Breakers from "../../src/monitoring/breaker/Breakers.ts"
import * as OperatorOverride from "../../src/monitoring/breaker/OperatorOverride.ts"
import * as Health from "../../src/monitoring/Health.ts"
import * as Probes from "../../src/monitoring/probes/Probes.ts"
import { between, long } from "./schedules.ts"
import { deciding, type Operation, schedule, Service, type Turn } from "./service.ts"

const property = (
  name: string,
  probes: boolean,
  check: (service: Service, step: Operation) => void,
  done: (service: Service) => void = () => undefined,
) =>
  it.prop(
    name,
    [schedule],
    ([steps]) => {
      const service = new Service(probes)
      for (const step of steps) {
        check(service, step)
      }
      done(service)
    },
    long(120),
  )

const counters = ({ breakers }: Health.Health) => [
  breakers.faults,
  breakers.timeouts,
  breakers.directFaults,
  ...[...breakers.orgs.byId.values()].map(({ faults }) => faults),
]

describe("the breakers, whatever happens", () => {
  for (const probes of [true, false]) {
    const how = probes ? "with synthetic probes" : "with leased turns"

    property(
      `open, they send no user's turn to the runtime but a leased one (${how})`,
      probes,
      (service, step) => {
        const before = service.turns.length
        service.step(step)
        const turn = service.turns.at(-1)
        if (step.act !== "admit" || turn === undefined || service.turns.length === before) return
        const { breakers } = service.health
        const own = breakers.orgs.byId.get(turn.orgId)?.breaker.state
        const failing = breakers.directFaults.value >= breakers.directFaults.limit
        if (own === "open") assert.strictEqual(turn.admission.allowed, "no")
        else if (own === "half_open") assert.notStrictEqual(turn.admission.allowed, "yes")
        else if (breakers.global.state === "open" && !failing)
          assert.strictEqual(turn.admission.allowed, "no")
        else if (breakers.global.state === "half_open" && !failing) {
          assert.notStrictEqual(turn.admission.allowed, "yes")
        }
      },
    )

    property(
      `evidence is never negative, and never much beyond its limit (${how})`,
      probes,
      (service, step) => {
        service.step(step)
        for (const { limit, value } of counters(service.health)) {
          assert.isAtLeast(value, 0)
          assert.isAtMost(value, limit * (1 + 5 / 12) + 1e-9)
        }
      },
    )

    property(
      `their log tells all of it: each entry goes on where the last of its scope ended, and restores its state (${how})`,
      probes,
      (service, step) => service.step(step),
      ({ health, now }) => {
        const { breakers } = health
        const last = new Map<OrgId | null, (typeof breakers.transitions)[number]>()
        for (const entry of breakers.transitions) {
          assert.strictEqual(entry.from, last.get(entry.orgId)?.to ?? "closed")
          last.set(entry.orgId, entry)
        }
        const restored = Health.make(health.settings, now)
        Health.restore(restored, [...last.values()], now)
        // Closed is as good as unknown, and what a step of the ramp has counted is not worth an entry.
        const stateOf = (
          breaker: Breaker.Breaker,
          forced: OperatorOverride.OperatorOverride | undefined,
        ) => ({
          state: breaker.state,
          since: breaker.state === "closed" ? 0 : breaker.since,
          step: breaker.state === "ramp" ? breaker.step : null,
          forced: OperatorOverride.holds(forced, now) ? forced : null,
        })
        const shown = ({ breakers }: Health.Health) => ({
          all: stateOf(breakers.global, breakers.forced),
          orgs: Object.fromEntries(
            [...breakers.orgs.byId.values()]
              .filter((org) => org.breaker.state !== "closed" || OperatorOverride.holds(org.forced, now))
              .map((org) => [org.id, stateOf(org.breaker, org.forced)]),
          ),
        })
        assert.deepStrictEqual(shown(restored), shown(health))
      },
    )
  }

  property(
    "at most five synthetic probes are under way, and none with leased turns",
    true,
    (service, step) => {
      service.step(step)
      assert.isAtMost(service.health.breakers.probing.underway.size, 5)
    },
  )

  property("without synthetic probes none is given out", false, (service, step) => {
    service.step(step)
    assert.isEmpty(service.probes)
  })

  it.prop(
    "a neutral outcome changes nothing that decides; of a leased probe it gives the lease back",
    [schedule, between(0, 30)],
    ([steps, which]) => {
      const service = new Service(true)
      for (const step of steps) service.step(step)
      const turn = service.turns[which % Math.max(1, service.turns.length)]
      if (turn === undefined || turn.admission.allowed === "probe") return
      const { admission, at, orgId } = turn
      // What time alone and being in use do is not the outcome's doing.
      Health.advance(service.health, service.now)
      Breakers.touch(service.health.breakers, orgId, service.now)
      const before = deciding(service.health)
      const ticket = admission.allowed === "no" ? undefined : admission.ticket
      const mode = admission.allowed === "no" ? "direct_llm" : "runtime_orchestrator"
      Health.record(
        service.health,
        { orgId, mode, outcome: "neutral", latencyMs: service.now - at, ticket },
        service.now,
      )
      assert.deepStrictEqual(deciding(service.health), before)
    },
    long(120),
  )

  it.prop(
    "what began under an epoch that is over has no say, however it ends",
    [schedule, Outcome],
    ([steps, outcome]) => {
      const service = new Service(true)
      const old: Array<Turn> = []
      for (const step of steps) {
        service.step(step)
        const turn = service.turns.at(-1)
        if (step.act === "admit" && turn !== undefined && turn.admission.allowed !== "no") old.push(turn)
      }
      const { health, now } = service
      const { breakers } = health
      for (const { admission, orgId } of old) {
        const { ticket } = admission
        Health.advance(health, now)
        const org = Breakers.touch(breakers, orgId, now)
        if (ticket.globalEpoch === breakers.global.epoch && ticket.orgEpoch === org.breaker.epoch) continue
        // An organisation's own probe goes by its own epoch alone.
        if (ticket.probe === "org" && ticket.orgEpoch === org.breaker.epoch) continue
        if (ticket.probe === "global" && ticket.globalEpoch === breakers.global.epoch) continue
        const before = deciding(health)
        Health.started(health, orgId, ticket, now)
        Health.progressed(health, ticket, now)
        Health.record(health, { orgId, mode: "runtime_orchestrator", outcome, latencyMs: 1, ticket }, now)
        Health.release(health, ticket, orgId, now)
        assert.deepStrictEqual(deciding(health), before)
      }
      for (const probe of service.probes) {
        if (probe.epoch === breakers.global.epoch) continue
        const { probing, ...before } = deciding(health)
        Probes.ended(health, probe, outcome === "success" ? "good" : "bad", now)
        const { probing: then, ...after } = deciding(health)
        assert.deepStrictEqual(after, before)
        assert.deepStrictEqual(
          [then.verdictAt, then.failed, then.confirmed],
          [probing.verdictAt, probing.failed, probing.confirmed],
        )
      }
    },
    long(120),
  )
})
