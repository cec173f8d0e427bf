/** The rules that trip a breaker, through the functions that the service and the simulator use. */
import { assert, describe, it } from "@effect/vitest"
import * as HashMap from "effect/HashMap"
import type { Outcome } from "../../../src/domain/Outcome.ts"
import * as HealthReport from "../../../src/monitoring/HealthReport.ts"
import { admit, org, settings, start } from "../schedules.ts"
import { TestMonitor } from "../TestMonitor.ts"

/** The contract would need this many samples: what opens is something else. */
const withoutContract = { ...settings, minSamples: 1_000_000 }

const make = (probes = true) => new TestMonitor({ ...withoutContract, probes }, start)

/** A turn that begins at `at`, shows progress after `progressMs` if at all, and ends. */
const turn = (monitor: TestMonitor, number: number, at: number, outcome: Outcome, progressMs?: number) => {
  const orgId = org(number)
  const { allowed, ticket } = admit(monitor, orgId, at)
  if (allowed === "no") return
  monitor.started(orgId, ticket, at)
  if (progressMs !== undefined) monitor.progressed(ticket, at + progressMs)
  const end = at + (progressMs ?? 0)
  monitor.record({ orgId, mode: "runtime_orchestrator", outcome, latencyMs: end - at, ticket }, end)
}

/** Turns of eleven organisations, five a second; when the breaker of all opened, in milliseconds, if it did. */
const openedAfter = (
  monitor: TestMonitor,
  seconds: number,
  outcomeAt: (n: number) => { readonly outcome: Outcome; readonly progressMs?: number },
): number | undefined => {
  for (let n = 0; n < seconds * 5; n++) {
    const { outcome, progressMs } = outcomeAt(n)
    turn(monitor, n % 11, start + n * 200, outcome, progressMs)
    if (monitor.global.state !== "closed") return n * 200
  }
  return undefined
}

const reason = (monitor: TestMonitor) => monitor.status(start).reason

describe("TripRules", () => {
  it("faults of all organisations for 5 s open the global breaker, long before the window would", () => {
    const monitor = make()
    const openedMs = openedAfter(monitor, 60, () => ({ outcome: "error" }))
    assert.isAtLeast(openedMs ?? 0, 5000)
    assert.isAtMost(openedMs ?? Number.NaN, 6000)
    assert.match(reason(monitor), /^faults 17 >= 12 in 50\d\d ms$/)
  })

  it("stays closed when half of all attempts fail, opens at three of four, also when they fail after progress", () => {
    assert.isUndefined(openedAfter(make(), 120, (n) => ({ outcome: n % 2 === 0 ? "error" : "success" })))
    for (const progressMs of [undefined, 10]) {
      const shown = progressMs === undefined ? {} : { progressMs }
      const opened = openedAfter(make(), 120, (n) => ({
        outcome: n % 4 === 0 ? "success" : "error",
        ...shown,
      }))
      assert.isBelow(opened ?? Number.NaN, 30_000)
    }
  })

  it("timeouts weigh more: stays closed at a quarter of all, opens at half", () => {
    const every = (n: number) => (index: number) =>
      ({ outcome: index % n === 0 ? "timeout_first_content" : "success" }) as const
    assert.isUndefined(openedAfter(make(), 300, every(4)))
    const monitor = make()
    assert.isDefined(openedAfter(monitor, 300, every(2)))
    assert.match(reason(monitor), /^timeouts/)
  })

  it("one organisation that fails leaves alone after eight faults in 5 s, with its evidence", () => {
    const monitor = make()
    for (let n = 0; n < 200; n++) turn(monitor, n % 10, start + n * 50, n % 10 === 0 ? "error" : "success")
    const { orgs, state } = monitor.status(start + 10_000)
    assert.deepStrictEqual([state, orgs.map(({ orgId }) => orgId)], ["closed", [org(0)]])
  })

  it("the evidence of an organisation that has left alone no longer counts", () => {
    const monitor = make()
    for (let n = 0; n < 4; n++) turn(monitor, 10 + n, start + n, "success")
    turn(monitor, 1, start + 10, "error")
    for (let n = 0; n < 8; n++) turn(monitor, 0, start + 1000 + n * 800, "error")
    assert.deepStrictEqual(
      monitor.status(start + 7000).orgs.map(({ orgId }) => orgId),
      [org(0)],
    )
    assert.deepStrictEqual([monitor.faults, [...HashMap.keys(monitor.breakers.faults.byOrg)]], [1, [org(1)]])
  })

  it("running attempts count in the contract's rates: twelve quick faults beside many answers trip nothing", () => {
    const opened = (running: number) => {
      const monitor = new TestMonitor({ ...settings, probes: true }, start)
      for (let n = 0; n < running; n++) {
        const { ticket } = admit(monitor, org(n % 10), start)
        monitor.started(org(n % 10), ticket, start)
        monitor.progressed(ticket, start)
      }
      for (let n = 0; n < 12; n++) turn(monitor, n, start + n, "error")
      return monitor.global.state
    }
    assert.strictEqual(opened(0), "open")
    assert.strictEqual(opened(14), "closed")
  })

  it("twelve waiting attempts without progress open the global breaker, by time alone", () => {
    const monitor = make()
    const begin = (n: number) => {
      const { ticket } = admit(monitor, org(n), start + n)
      monitor.started(org(n), ticket, start + n)
    }
    for (let n = 0; n < 12; n++) begin(n)
    monitor.advance(start + 8999)
    assert.strictEqual(monitor.global.state, "closed")
    monitor.advance(start + 9000)
    assert.strictEqual(monitor.global.state, "open")
    assert.match(reason(monitor), /^12 attempts waiting, no progress for 9000 ms$/)
  })

  it("three faults start confirming probes, and bad probes open the breaker", () => {
    const monitor = make()
    const first = monitor.takeProbe(start)
    monitor.probeEnded(first!, "good", start)
    const take = (at: number) => monitor.takeProbe(at)
    for (let n = 0; n < 2; n++) turn(monitor, n, start + 2000, "error")
    assert.isUndefined(take(start + 2000))
    turn(monitor, 3, start + 2000, "error")
    for (let n = 0; n < 5; n++) {
      const probe = take(start + 3000 + n * 1000)
      assert.isDefined(probe)
      monitor.probeEnded(probe!, "bad", start + 3000 + n * 1000)
    }
    assert.strictEqual(monitor.global.state, "open")
  })

  it("an organisation that asks for the runtime causes idle probes for one window", () => {
    const monitor = make()
    const first = monitor.takeProbe(start)
    monitor.probeEnded(first!, "good", start)
    admit(monitor, org(1), start)
    assert.isDefined(monitor.takeProbe(start + 30_000))
    assert.isUndefined(monitor.takeProbe(start + settings.windowMs + 1))
  })

  describe("with the breaker open", () => {
    const opened = (probes = true) => {
      const monitor = make(probes)
      monitor.trip(start)
      return monitor
    }
    const direct = (monitor: TestMonitor, outcome: Outcome, times: number, at: number) => {
      for (let n = 0; n < times; n++) {
        monitor.record({ orgId: org(n), mode: "direct_llm", outcome, latencyMs: 1 }, at)
      }
    }

    it("turns stay on the runtime while direct mode fails, until it recovers or for a minute", () => {
      const monitor = opened()
      assert.strictEqual(admit(monitor, org(1), start).allowed, "no")
      direct(monitor, "error", 12, start)
      assert.strictEqual(admit(monitor, org(1), start).allowed, "yes")
      assert.isTrue(monitor.status(start).directFailing)
      assert.strictEqual(admit(monitor, org(1), start + 60_001).allowed, "no")
      direct(monitor, "error", 1, start + 70_000)
      assert.strictEqual(admit(monitor, org(1), start + 70_000).allowed, "yes")
      direct(monitor, "success", 3, start + 70_000)
      assert.strictEqual(admit(monitor, org(1), start + 70_000).allowed, "no")
    })

    it("without a direct provider all turns go to the runtime, and the status says so", () => {
      const monitor = new TestMonitor({ ...settings, providers: [] }, start)
      monitor.trip(start)
      const { allowed, reason } = admit(monitor, org(1), start)
      assert.deepStrictEqual([allowed, reason], ["yes", "no direct provider is configured; after: faults"])
      const { directConfigured, share, state } = monitor.status(start)
      assert.deepStrictEqual(
        { directConfigured, share, state },
        { directConfigured: false, share: 1, state: "open" },
      )
      assert.isFalse(HealthReport.isFallbackEnabled(monitor.health, start))
      assert.deepInclude(monitor.metrics(start), { fallbackEnabled: false, fallbackReason: "" })
    })

    it("an organisation with an open breaker and no direct provider stays on the runtime, and probes as usual", () => {
      const monitor = new TestMonitor({ ...settings, providers: [] }, start)
      admit(monitor, org(1), start)
      monitor.trip(start, org(1))
      assert.strictEqual(admit(monitor, org(1), start).allowed, "yes")
      assert.strictEqual(admit(monitor, org(1), start + 300_000).allowed, "probe")
    })

    it("the ramp admits more sessions at each step, and keeps those of the step before", () => {
      const monitor = opened()
      for (let second = 0; second <= 6; second++) {
        const probe = monitor.takeProbe(start + second * 1000)
        if (probe !== undefined) monitor.probeEnded(probe, "good", start + second * 1000)
      }
      assert.strictEqual(monitor.global.state, "ramp")
      const letIn = (at: number) =>
        new Set(
          Array.from({ length: 400 }, (_, n) => n).filter(
            (n) => admit(monitor, org(n), at).allowed === "yes",
          ),
        )
      const steps = [7000, 17_000, 27_000].map((ms) => letIn(start + ms))
      assert.approximately(steps[0]!.size, 80, 30)
      assert.approximately(steps[1]!.size, 200, 40)
      assert.strictEqual(steps[2]!.size, 400)
      assert.isTrue([...steps[0]!].every((n) => steps[1]!.has(n)))
    })

    it("in the ramp an attempt that fails after its progress is not good", () => {
      const monitor = opened()
      for (let second = 0; second <= 6; second++) {
        const probe = monitor.takeProbe(start + second * 1000)
        if (probe !== undefined) monitor.probeEnded(probe, "good", start + second * 1000)
      }
      const insiders = Array.from({ length: 100 }, (_, n) => n).filter(
        (n) => admit(monitor, org(n), start + 7000).allowed === "yes",
      )
      const [first = 0, second = 0, third = 0] = insiders
      turn(monitor, first, start + 7000, "success", 10)
      turn(monitor, second, start + 7100, "error", 10)
      turn(monitor, third, start + 7200, "error")
      assert.deepInclude(monitor.global, { state: "ramp", good: 1, bad: 2 })
    })
  })

  it("the first-progress limit is 15 s at first, 3 s once the breaker has opened, 5 s in the ramp", () => {
    const monitor = make()
    const { ticket } = admit(monitor, org(1), start)
    assert.strictEqual(monitor.firstProgressLimitMs(ticket), 15_000)
    monitor.trip(start)
    assert.strictEqual(monitor.firstProgressLimitMs(ticket), 3000)
    for (let second = 0; second <= 6; second++) {
      const probe = monitor.takeProbe(start + second * 1000)
      if (probe !== undefined) monitor.probeEnded(probe, "good", start + second * 1000)
    }
    const back = { ...ticket, globalEpoch: monitor.global.epoch }
    assert.strictEqual(monitor.firstProgressLimitMs(back), 5000)
  })

  it("a global override expires, and the log has the expiry", () => {
    const monitor = make()
    const order = { mode: "direct_llm", by: "ops", reason: "drill", expiresAt: start + 1000 } as const
    monitor.setOverride(start, order, "drill")
    monitor.advance(start + 999)
    assert.strictEqual(monitor.status(start + 999).state, "forced_direct")
    assert.containsSubset(monitor.status(start + 1000), {
      state: "closed",
      forced: null,
      transitions: [{ from: "forced_direct", to: "closed", reason: "the override has expired" }],
    })
  })
})
