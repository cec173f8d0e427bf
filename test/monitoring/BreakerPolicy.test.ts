/** Invariants of the breakers under random schedules of turns, probes, commands and time. */
import { assert, describe, it } from "@effect/vitest"
import type { OrgId } from "../../src/domain/Ids.ts"
import { Outcome } from "../../src/domain/Outcome.ts"
import type * as Breaker from "../../src/monitoring/breaker/Breaker.ts"
import * as OperatorOverride from "../../src/monitoring/breaker/OperatorOverride.ts"
import * as OrderedMap from "../../src/platform/OrderedMap.ts"
import * as Orgs from "../../src/monitoring/evidence/Orgs.ts"
import { between, long } from "./schedules.ts"
import { deciding, type Operation, schedule, Service, type Turn } from "./service.ts"
import { TestMonitor } from "./TestMonitor.ts"

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

/** A change of a frozen object throws. The internals of Effect's own collections stay open: they cache hashes. */
const freeze = (value: unknown): void => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  if (!isPlain) return
  Object.freeze(value)
  for (const part of Object.values(value)) freeze(part)
}

const counters = ({ breakers }: TestMonitor) => [
  breakers.faults,
  breakers.timeouts,
  breakers.directFaults,
  ...[...OrderedMap.values(breakers.orgs.byId)].map(({ faults }) => faults),
]

describe("the breakers, after any sequence of events", () => {
  for (const probes of [true, false]) {
    const how = probes ? "with synthetic probes" : "with leased turns"

    property(`open, they admit only leased turns to the runtime (${how})`, probes, (service, step) => {
      const before = service.turns.length
      service.step(step)
      const turn = service.turns.at(-1)
      if (step.act !== "admit" || turn === undefined || service.turns.length === before) return
      const { breakers } = service.monitor
      const own = Orgs.get(breakers.orgs, turn.orgId)?.breaker.state
      const failing = breakers.directFaults.value >= breakers.directFaults.limit
      if (own === "open") assert.strictEqual(turn.admission.allowed, "no")
      else if (own === "half_open") assert.notStrictEqual(turn.admission.allowed, "yes")
      else if (breakers.global.state === "open" && !failing) assert.strictEqual(turn.admission.allowed, "no")
      else if (breakers.global.state === "half_open" && !failing) {
        assert.notStrictEqual(turn.admission.allowed, "yes")
      }
    })

    property(
      `evidence is never negative, and never much beyond its limit (${how})`,
      probes,
      (service, step) => {
        service.step(step)
        for (const { limit, value } of counters(service.monitor)) {
          assert.isAtLeast(value, 0)
          assert.isAtMost(value, limit * (1 + 5 / 12) + 1e-9)
        }
      },
    )

    property(
      `each log entry starts where the last of its scope ended, and restores its state (${how})`,
      probes,
      (service, step) => service.step(step),
      ({ monitor, now }) => {
        const { breakers } = monitor
        const last = new Map<OrgId | null, (typeof breakers.transitions)[number]>()
        for (const entry of breakers.transitions) {
          assert.strictEqual(entry.from, last.get(entry.orgId)?.to ?? "closed")
          last.set(entry.orgId, entry)
        }
        const restored = new TestMonitor(monitor.health.settings, now)
        restored.restore([...last.values()], now)
        // Closed is as good as unknown, and what a step of the ramp has counted is not worth an entry.
        const stateOf = (
          breaker: Breaker.Breaker,
          override: OperatorOverride.OperatorOverride | undefined,
        ) => ({
          state: breaker.state,
          since: breaker.state === "closed" ? 0 : breaker.since,
          step: breaker.state === "ramp" ? breaker.step : null,
          override: OperatorOverride.holds(override, now) ? override : null,
        })
        const shown = ({ breakers }: TestMonitor) => ({
          all: stateOf(breakers.global, breakers.override),
          orgs: Object.fromEntries(
            [...OrderedMap.values(breakers.orgs.byId)]
              .filter((org) => org.breaker.state !== "closed" || OperatorOverride.holds(org.override, now))
              .map((org) => [org.id, stateOf(org.breaker, org.override)]),
          ),
        })
        assert.deepStrictEqual(shown(restored), shown(monitor))
      },
    )
  }

  property(
    "at most five synthetic probes are under way, and none with leased turns",
    true,
    (service, step) => {
      service.step(step)
      assert.isAtMost(service.monitor.breakers.probing.underway.length, 5)
    },
  )

  property("no step changes a state that was there before", true, (service, step) => {
    freeze(service.monitor.state)
    service.step(step)
  })

  property("without synthetic probes none is given out", false, (service, step) => {
    service.step(step)
    assert.isEmpty(service.probes)
  })

  it.prop(
    "a neutral outcome changes no evidence and no breaker",
    [schedule, between(0, 30)],
    ([steps, which]) => {
      const service = new Service(true)
      for (const step of steps) service.step(step)
      const turn = service.turns[which % Math.max(1, service.turns.length)]
      if (turn === undefined || turn.admission.allowed === "probe") return
      const { admission, at, orgId } = turn
      // The outcome does not cause the effects of time and of use.
      service.monitor.advance(service.now)
      service.monitor.use(orgId, service.now)
      const before = deciding(service.monitor)
      const ticket = admission.allowed === "no" ? undefined : admission.ticket
      const mode = admission.allowed === "no" ? "direct_llm" : "runtime_orchestrator"
      service.monitor.record(
        { orgId, mode, outcome: "neutral", latencyMs: service.now - at, ticket },
        service.now,
      )
      assert.deepStrictEqual(deciding(service.monitor), before)
    },
    long(120),
  )

  it.prop(
    "an attempt or probe of an older epoch changes no evidence and no breaker",
    [schedule, Outcome],
    ([steps, outcome]) => {
      const service = new Service(true)
      const old: Array<Turn> = []
      for (const step of steps) {
        service.step(step)
        const turn = service.turns.at(-1)
        if (step.act === "admit" && turn !== undefined && turn.admission.allowed !== "no") old.push(turn)
      }
      const { monitor, now } = service
      for (const { admission, orgId } of old) {
        const { ticket } = admission
        monitor.advance(now)
        monitor.use(orgId, now)
        const { breakers } = monitor
        const own = monitor.breakerOf(orgId)
        if (ticket.globalEpoch === breakers.global.epoch && ticket.orgEpoch === own?.epoch) continue
        // An organisation's own probe goes by its own epoch alone.
        if (ticket.probe === "org" && ticket.orgEpoch === own?.epoch) continue
        if (ticket.probe === "global" && ticket.globalEpoch === breakers.global.epoch) continue
        const before = deciding(monitor)
        monitor.started(orgId, ticket, now)
        monitor.progressed(ticket, now)
        monitor.record({ orgId, mode: "runtime_orchestrator", outcome, latencyMs: 1, ticket }, now)
        monitor.release(ticket, orgId, now)
        assert.deepStrictEqual(deciding(monitor), before)
      }
      for (const probe of service.probes) {
        if (probe.epoch === monitor.global.epoch) continue
        const { probing, ...before } = deciding(monitor)
        monitor.probeEnded(probe, outcome === "success" ? "good" : "bad", now)
        const { probing: then, ...after } = deciding(monitor)
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
