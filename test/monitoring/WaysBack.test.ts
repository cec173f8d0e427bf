/** That nothing keeps anybody from the runtime for ever, whatever had happened, and nothing stops the probes. */
import { assert, describe, it } from "@effect/vitest"
import * as Bucket from "../../src/domain/Bucket.ts"
import * as RuntimePermission from "../../src/monitoring/breaker/RuntimePermission.ts"
import * as Breaker from "../../src/monitoring/breaker/Breaker.ts"
import * as Breakers from "../../src/monitoring/breaker/Breakers.ts"
import * as Health from "../../src/monitoring/Health.ts"
import * as HealthReport from "../../src/monitoring/HealthReport.ts"
import * as Probes from "../../src/monitoring/probes/Probes.ts"
import { admit, long, org, settings, start } from "./schedules.ts"
import { schedule, Service } from "./service.ts"

const minute = 60_000
const runtime = "runtime_orchestrator"

const sessionWhere = (name: string, where: (place: number) => boolean): string => {
  for (let n = 0; ; n++) if (where(Bucket.placeOf("ramp", `${name} ${n}`))) return `${name} ${n}`
}
/** Those that the ramp lets in last. */
const sessions = [0, 1, 2, 3, 4, 5].map((n) => ({
  orgId: org(n),
  sessionId: sessionWhere(`session ${n}`, (place) => place >= 0.5),
}))

/** From now on all goes well, a turn and a probe a second; gives after how long every turn is on the runtime. */
const recover = (health: Health.Health, from: number): number => {
  for (let now = from; now <= from + 25 * minute; now += 1000) {
    const probe = Probes.take(health, now)
    if (probe !== undefined) Probes.ended(health, probe, "good", now)
    let away = 0
    for (const { orgId, sessionId } of sessions) {
      const { allowed, ticket } = RuntimePermission.admit(health, orgId, sessionId, now)
      if (allowed !== "yes") away += 1
      const mode = allowed === "no" ? "direct_llm" : runtime
      Health.record(health, { orgId, mode, outcome: "success", latencyMs: 1, ticket }, now)
    }
    if (away === 0 && health.breakers.global.state === "closed") return now - from
  }
  return Number.POSITIVE_INFINITY
}

const opened = (health: Health.Health, now: number) =>
  Breakers.moveGlobal(health.breakers, Breaker.trip(health.breakers.global, now, "faults"))

const probe = (health: Health.Health, result: "good" | "bad" | "neutral", now: number): boolean => {
  const found = Probes.take(health, now)
  if (found !== undefined) Probes.ended(health, found, result, now)
  return found !== undefined
}

/** One second after the other: when a probe was begun. */
const probes = (
  health: Health.Health,
  result: "good" | "bad" | "neutral",
  seconds: number,
  from: number,
): Array<number> => {
  const found: Array<number> = []
  for (let second = 0; second < seconds; second++) {
    if (probe(health, result, from + second * 1000)) found.push(second)
  }
  return found
}

describe("the ways back", () => {
  for (const withProbes of [true, false]) {
    it.prop(
      `once all goes well, everybody is back (${withProbes ? "with synthetic probes" : "with leased turns"})`,
      [schedule],
      ([steps]) => {
        const service = new Service(withProbes)
        for (const step of steps) service.step(step)
        // Five minutes for a lease that was lost, two holds or dwells of five minutes each, and the ramp.
        assert.isAtMost(recover(service.health, service.now), 20 * minute)
      },
      long(400),
    )
  }

  it("a restart with another setting for probes finds its way back from what the last process was in", () => {
    for (const [before, after] of [
      [true, false],
      [false, true],
      [false, false],
      [true, true],
    ] as const) {
      const old = Health.make({ ...settings, probes: before }, start)
      opened(old, start)
      const times = before ? [10_000, 11_000, 12_000, 13_000, 14_000, 16_000] : []
      for (const at of times) probe(old, "good", start + at)
      if (!before) admit(old, org(1), start + 30_000)
      assert.strictEqual(old.breakers.global.state, before ? "ramp" : "half_open")
      const health = Health.make({ ...settings, probes: after }, start + minute)
      Health.restore(health, old.breakers.transitions.slice(-1), start + minute)
      assert.isAtMost(recover(health, start + minute), minute, `${before} -> ${after}`)
    }
  })

  it("a turn that was refused, or is over, gives back nobody's lease but is forgotten itself", () => {
    const health = Health.make(settings, start)
    const early = admit(health, org(2), start).ticket
    Health.started(health, org(2), early, start)
    assert.strictEqual(health.breakers.running.waiting, 1)
    Health.release(health, early, org(2), start)
    assert.strictEqual(health.breakers.running.waiting, 0)
    for (let fault = 0; fault < settings.minSamples; fault++) {
      Health.record(health, { orgId: org(1), mode: runtime, outcome: "error", latencyMs: 1 }, start)
    }
    const now = start + 30_000
    assert.deepInclude(admit(health, org(1), now), { allowed: "probe", scope: "org" })
    const refused = admit(health, org(1), now)
    assert.strictEqual(refused.allowed, "no")
    Health.release(health, refused.ticket, org(1), now)
    assert.strictEqual(admit(health, org(1), now).allowed, "no")
  })

  it("the last organisation to leave alone takes all with it, also those that have long left", () => {
    const health = Health.make(settings, start)
    const failing = (number: number, times: number, now: number) => {
      for (let fault = 0; fault < times; fault++) {
        const { ticket } = admit(health, org(number), now)
        const attempt = { orgId: org(number), mode: runtime, outcome: "error", latencyMs: 1, ticket } as const
        Health.record(health, attempt, now)
      }
    }
    admit(health, org(2), start)
    failing(1, settings.minSamples, start)
    failing(1, 1, start + 30_000)
    assert.containsSubset(HealthReport.status(health, start + 30_000), { orgs: [{ orgId: org(1) }] })
    failing(2, settings.minSamples, start + 40_000)
    assert.deepInclude(HealthReport.status(health, start + 40_000), { state: "open", orgs: [] })
  })

  it("a lease dies with the process that gave it", () => {
    const old = Health.make(settings, start)
    opened(old, start)
    assert.strictEqual(admit(old, org(1), start + 30_000).allowed, "probe")
    const health = Health.make(settings, start + 31_000)
    Health.restore(health, old.breakers.transitions.slice(-1), start + 31_000)
    assert.strictEqual(admit(health, org(1), start + 31_000).allowed, "probe")
  })

  it("where probes say nothing, because the runtime refuses them as such, turns are leased", () => {
    const health = Health.make({ ...settings, probes: true }, start)
    opened(health, start)
    probes(health, "neutral", 60, start + 1000)
    const at = start + minute
    const leased = admit(health, org(1), at)
    assert.strictEqual(leased.allowed, "probe")
    assert.strictEqual(admit(health, org(2), at).allowed, "no")
  })

  it("one bad attempt at a step of the ramp is forgotten after a minute, also when the step's sessions come no more", () => {
    const health = Health.make({ ...settings, probes: true }, start)
    opened(health, start)
    probes(health, "good", 8, start + 1000)
    assert.strictEqual(health.breakers.global.state, "ramp")
    const now = start + 9000
    const sessionId = sessionWhere("early", (place) => place < 0.2)
    const { ticket } = RuntimePermission.admit(health, org(1), sessionId, now)
    Health.record(health, { orgId: org(1), mode: runtime, outcome: "error", latencyMs: 1, ticket }, now)
    assert.deepInclude(health.breakers.global, { state: "ramp", step: 0, bad: 1 })
    Health.advance(health, start + 9000 + 50_000)
    assert.deepInclude(health.breakers.global, { state: "ramp", step: 0 })
    assert.isAtMost(recover(health, now), 2 * minute)
  })

  it("what a user's attempt shows is a verdict too: the next idle probe is 30 s after it", () => {
    const health = Health.make({ ...settings, probes: true }, start)
    probe(health, "good", start)
    const { ticket } = admit(health, org(1), start)
    Health.started(health, org(1), ticket, start)
    Health.progressed(health, ticket, start + 20_000)
    assert.deepStrictEqual(probes(health, "good", 60, start), [50])
  })

  it("the status says when the next probe is due: of probes, or of turns where there are none", () => {
    const nextAfter = (withProbes: boolean, result: "good" | "bad") => {
      const health = Health.make({ ...settings, probes: withProbes }, start)
      opened(health, start)
      probe(health, result, start)
      const status = HealthReport.status(health, start + 100)
      return (status.nextProbeAt ?? Number.NaN) - start
    }
    assert.deepStrictEqual(
      [nextAfter(true, "good"), nextAfter(true, "bad"), nextAfter(false, "bad")],
      [1000, 2000, 30_000],
    )
  })

  it("while doubt lasts, a probe goes out every 30 s, and the first good one ends it", () => {
    const health = Health.make({ ...settings, probes: true }, start)
    admit(health, org(1), start)
    assert.deepStrictEqual(probes(health, "good", 1, start), [0])
    // Doubt that the confirming probes did not settle: they ended neutrally, after one that was bad.
    assert.deepStrictEqual(probes(health, "bad", 1, start + 30_000), [0])
    assert.deepStrictEqual(probes(health, "neutral", 100, start + 31_000), [0, 1, 2, 3, 4, 34, 64, 94])
    const later = start + 155_000
    assert.deepStrictEqual(probes(health, "good", 1, later), [0])
    // Calm again: when it fails anew, the next five go out.
    admit(health, org(1), later)
    assert.deepStrictEqual(probes(health, "bad", 34, later + 1000).slice(0, 4), [29, 30, 31, 32])
  })
})
