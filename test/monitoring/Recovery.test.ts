/** Recovery from every state, and probes that never stop. */
import { assert, describe, it } from "@effect/vitest"
import * as Bucket from "../../src/domain/Bucket.ts"
import { admit, long, org, settings, start } from "./schedules.ts"
import { schedule, Service } from "./service.ts"
import { TestMonitor } from "./TestMonitor.ts"

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
const recover = (monitor: TestMonitor, from: number): number => {
  for (let now = from; now <= from + 25 * minute; now += 1000) {
    const probe = monitor.takeProbe(now)
    if (probe !== undefined) monitor.probeEnded(probe, "good", now)
    let away = 0
    for (const { orgId, sessionId } of sessions) {
      const { allowed, ticket } = monitor.admit(orgId, sessionId, now)
      if (allowed !== "yes") away += 1
      const mode = allowed === "no" ? "direct_llm" : runtime
      monitor.record({ orgId, mode, outcome: "success", latencyMs: 1, ticket }, now)
    }
    if (away === 0 && monitor.global.state === "closed") return now - from
  }
  return Number.POSITIVE_INFINITY
}

const opened = (monitor: TestMonitor, now: number) => monitor.trip(now)

const probe = (monitor: TestMonitor, result: "good" | "bad" | "neutral", now: number): boolean => {
  const found = monitor.takeProbe(now)
  if (found !== undefined) monitor.probeEnded(found, result, now)
  return found !== undefined
}

/** One second after the other: when a probe was begun. */
const probes = (
  monitor: TestMonitor,
  result: "good" | "bad" | "neutral",
  seconds: number,
  from: number,
): Array<number> => {
  const found: Array<number> = []
  for (let second = 0; second < seconds; second++) {
    if (probe(monitor, result, from + second * 1000)) found.push(second)
  }
  return found
}

describe("the recovery", () => {
  for (const withProbes of [true, false]) {
    it.prop(
      `returns every session to the runtime once all goes well (${withProbes ? "with synthetic probes" : "with leased turns"})`,
      [schedule],
      ([steps]) => {
        const service = new Service(withProbes)
        for (const step of steps) service.step(step)
        // Five minutes for a lease that was lost, two holds or dwells of five minutes each, and the ramp.
        assert.isAtMost(recover(service.monitor, service.now), 20 * minute)
      },
      long(400),
    )
  }

  it("recovers after a restart with another setting for probes, from each state", () => {
    for (const [before, after] of [
      [true, false],
      [false, true],
      [false, false],
      [true, true],
    ] as const) {
      const old = new TestMonitor({ ...settings, probes: before }, start)
      opened(old, start)
      const times = before ? [10_000, 11_000, 12_000, 13_000, 14_000, 16_000] : []
      for (const at of times) probe(old, "good", start + at)
      if (!before) admit(old, org(1), start + 30_000)
      assert.strictEqual(old.global.state, before ? "ramp" : "half_open")
      const monitor = new TestMonitor({ ...settings, probes: after }, start + minute)
      monitor.restore(old.transitions.slice(-1), start + minute)
      assert.isAtMost(recover(monitor, start + minute), minute, `${before} -> ${after}`)
    }
  })

  it("release of a refused or ended turn leaves the lease of others, and removes the turn", () => {
    const monitor = new TestMonitor(settings, start)
    const early = admit(monitor, org(2), start).ticket
    monitor.started(org(2), early, start)
    assert.strictEqual(monitor.waiting, 1)
    monitor.release(early, org(2), start)
    assert.strictEqual(monitor.waiting, 0)
    for (let fault = 0; fault < settings.minSamples; fault++) {
      monitor.record({ orgId: org(1), mode: runtime, outcome: "error", latencyMs: 1 }, start)
    }
    const now = start + 30_000
    assert.deepInclude(admit(monitor, org(1), now), { allowed: "probe", scope: "org" })
    const refused = admit(monitor, org(1), now)
    assert.strictEqual(refused.allowed, "no")
    monitor.release(refused.ticket, org(1), now)
    assert.strictEqual(admit(monitor, org(1), now).allowed, "no")
  })

  it("the last organisation to leave alone opens the global breaker, and closes the breakers of all organisations", () => {
    const monitor = new TestMonitor(settings, start)
    const failing = (number: number, times: number, now: number) => {
      for (let fault = 0; fault < times; fault++) {
        const { ticket } = admit(monitor, org(number), now)
        const attempt = { orgId: org(number), mode: runtime, outcome: "error", latencyMs: 1, ticket } as const
        monitor.record(attempt, now)
      }
    }
    admit(monitor, org(2), start)
    failing(1, settings.minSamples, start)
    failing(1, 1, start + 30_000)
    assert.containsSubset(monitor.status(start + 30_000), { orgs: [{ orgId: org(1) }] })
    failing(2, settings.minSamples, start + 40_000)
    assert.deepInclude(monitor.status(start + 40_000), { state: "open", orgs: [] })
  })

  it("a lease ends with its process", () => {
    const old = new TestMonitor(settings, start)
    opened(old, start)
    assert.strictEqual(admit(old, org(1), start + 30_000).allowed, "probe")
    const monitor = new TestMonitor(settings, start + 31_000)
    monitor.restore(old.transitions.slice(-1), start + 31_000)
    assert.strictEqual(admit(monitor, org(1), start + 31_000).allowed, "probe")
  })

  it("leases turns when the runtime refuses every probe", () => {
    const monitor = new TestMonitor({ ...settings, probes: true }, start)
    opened(monitor, start)
    probes(monitor, "neutral", 60, start + 1000)
    const at = start + minute
    const leased = admit(monitor, org(1), at)
    assert.strictEqual(leased.allowed, "probe")
    assert.strictEqual(admit(monitor, org(2), at).allowed, "no")
  })

  it("a step of the ramp with one bad attempt rises after a minute, also without further sessions", () => {
    const monitor = new TestMonitor({ ...settings, probes: true }, start)
    opened(monitor, start)
    probes(monitor, "good", 8, start + 1000)
    assert.strictEqual(monitor.global.state, "ramp")
    const now = start + 9000
    const sessionId = sessionWhere("early", (place) => place < 0.2)
    const { ticket } = monitor.admit(org(1), sessionId, now)
    monitor.record({ orgId: org(1), mode: runtime, outcome: "error", latencyMs: 1, ticket }, now)
    assert.deepInclude(monitor.global, { state: "ramp", step: 0, bad: 1 })
    monitor.advance(start + 9000 + 50_000)
    assert.deepInclude(monitor.global, { state: "ramp", step: 0 })
    assert.isAtMost(recover(monitor, now), 2 * minute)
  })

  it("a user's attempt is a verdict: the next idle probe follows 30 s later", () => {
    const monitor = new TestMonitor({ ...settings, probes: true }, start)
    probe(monitor, "good", start)
    const { ticket } = admit(monitor, org(1), start)
    monitor.started(org(1), ticket, start)
    monitor.progressed(ticket, start + 20_000)
    assert.deepStrictEqual(probes(monitor, "good", 60, start), [50])
  })

  it("the status has the time of the next probe, synthetic or leased", () => {
    const nextAfter = (withProbes: boolean, result: "good" | "bad") => {
      const monitor = new TestMonitor({ ...settings, probes: withProbes }, start)
      opened(monitor, start)
      probe(monitor, result, start)
      const status = monitor.status(start + 100)
      return (status.nextProbeAt ?? Number.NaN) - start
    }
    assert.deepStrictEqual(
      [nextAfter(true, "good"), nextAfter(true, "bad"), nextAfter(false, "bad")],
      [1000, 2000, 30_000],
    )
  })

  it("probes every 30 s while a doubt lasts, and stops after the first good probe", () => {
    const monitor = new TestMonitor({ ...settings, probes: true }, start)
    admit(monitor, org(1), start)
    assert.deepStrictEqual(probes(monitor, "good", 1, start), [0])
    // Doubt that the confirming probes did not settle: they ended neutrally, after one that was bad.
    assert.deepStrictEqual(probes(monitor, "bad", 1, start + 30_000), [0])
    assert.deepStrictEqual(probes(monitor, "neutral", 100, start + 31_000), [0, 1, 2, 3, 4, 34, 64, 94])
    const later = start + 155_000
    assert.deepStrictEqual(probes(monitor, "good", 1, later), [0])
    // Calm again: when it fails anew, the next five go out.
    admit(monitor, org(1), later)
    assert.deepStrictEqual(probes(monitor, "bad", 34, later + 1000).slice(0, 4), [29, 30, 31, 32])
  })
})
