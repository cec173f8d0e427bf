/** What is enough to leave the runtime, through `Health` as the service and the simulator drive it. */
import { assert, describe, it } from "@effect/vitest"
import type { Outcome } from "../../../src/domain/Outcome.ts"
import * as Breaker from "../../../src/monitoring/breaker/Breaker.ts"
import * as Breakers from "../../../src/monitoring/breaker/Breakers.ts"
import * as Health from "../../../src/monitoring/Health.ts"
import * as HealthReport from "../../../src/monitoring/HealthReport.ts"
import * as Probes from "../../../src/monitoring/probes/Probes.ts"
import { admit, org, settings, start } from "../schedules.ts"

/** The contract would need this many samples: what opens is something else. */
const withoutContract = { ...settings, minSamples: 1_000_000 }

const make = (probes = true) => Health.make({ ...withoutContract, probes }, start)

/** A turn that begins at `at`, shows progress after `progressMs` if at all, and ends. */
const turn = (health: Health.Health, number: number, at: number, outcome: Outcome, progressMs?: number) => {
  const orgId = org(number)
  const { allowed, ticket } = admit(health, orgId, at)
  if (allowed === "no") return
  Health.started(health, orgId, ticket, at)
  if (progressMs !== undefined) Health.progressed(health, ticket, at + progressMs)
  const end = at + (progressMs ?? 0)
  Health.record(health, { orgId, mode: "runtime_orchestrator", outcome, latencyMs: end - at, ticket }, end)
}

/** Turns of eleven organisations, five a second; when the breaker of all opened, in milliseconds, if it did. */
const openedAfter = (
  health: Health.Health,
  seconds: number,
  outcomeAt: (n: number) => { readonly outcome: Outcome; readonly progressMs?: number },
): number | undefined => {
  for (let n = 0; n < seconds * 5; n++) {
    const { outcome, progressMs } = outcomeAt(n)
    turn(health, n % 11, start + n * 200, outcome, progressMs)
    if (health.breakers.global.state !== "closed") return n * 200
  }
  return undefined
}

const reason = (health: Health.Health) => HealthReport.status(health, start).reason

describe("Judge", () => {
  it("faults of all for 5 s open for all, long before a window tells", () => {
    const health = make()
    const openedMs = openedAfter(health, 60, () => ({ outcome: "error" }))
    assert.isAtLeast(openedMs ?? 0, 5000)
    assert.isAtMost(openedMs ?? Number.NaN, 6000)
    assert.match(reason(health), /^faults 17 >= 12 in 50\d\d ms$/)
  })

  it("half of all failing stands still, three of four do not; failing after progress is no better", () => {
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

  it("timeouts count for more: at a third of all it stands still, at half it opens", () => {
    const every = (n: number) => (index: number) =>
      ({ outcome: index % n === 0 ? "timeout_first_content" : "success" }) as const
    assert.isUndefined(openedAfter(make(), 300, every(4)))
    const health = make()
    assert.isDefined(openedAfter(health, 300, every(2)))
    assert.match(reason(health), /^timeouts/)
  })

  it("one organisation that fails leaves alone after eight faults in 5 s, and takes its evidence along", () => {
    const health = make()
    for (let n = 0; n < 200; n++) turn(health, n % 10, start + n * 50, n % 10 === 0 ? "error" : "success")
    const { orgs, state } = HealthReport.status(health, start + 10_000)
    assert.deepStrictEqual([state, orgs.map(({ orgId }) => orgId)], ["closed", [org(0)]])
  })

  it("the evidence of an organisation that has left alone is held against nobody else", () => {
    const health = make()
    for (let n = 0; n < 4; n++) turn(health, 10 + n, start + n, "success")
    turn(health, 1, start + 10, "error")
    for (let n = 0; n < 8; n++) turn(health, 0, start + 1000 + n * 800, "error")
    assert.deepStrictEqual(
      HealthReport.status(health, start + 7000).orgs.map(({ orgId }) => orgId),
      [org(0)],
    )
    assert.deepStrictEqual(
      [health.breakers.faults.value, [...health.breakers.faults.byOrg.keys()]],
      [1, [org(1)]],
    )
  })

  it("what is under way counts in the contract's shares: twelve quick faults beside many answers are not most", () => {
    const opened = (running: number) => {
      const health = Health.make({ ...settings, probes: true }, start)
      for (let n = 0; n < running; n++) {
        const { ticket } = admit(health, org(n % 10), start)
        Health.started(health, org(n % 10), ticket, start)
        Health.progressed(health, ticket, start)
      }
      for (let n = 0; n < 12; n++) turn(health, n, start + n, "error")
      return health.breakers.global.state
    }
    assert.strictEqual(opened(0), "open")
    assert.strictEqual(opened(14), "closed")
  })

  it("twelve that wait and nobody shows progress: silence opens it, by time alone", () => {
    const health = make()
    const begin = (n: number) => {
      const { ticket } = admit(health, org(n), start + n)
      Health.started(health, org(n), ticket, start + n)
    }
    for (let n = 0; n < 12; n++) begin(n)
    Health.advance(health, start + 8999)
    assert.strictEqual(health.breakers.global.state, "closed")
    Health.advance(health, start + 9000)
    assert.strictEqual(health.breakers.global.state, "open")
    assert.match(reason(health), /^12 attempts waiting, no progress for 9000 ms$/)
  })

  it("three faults are suspicious, and bad probes of two each are enough", () => {
    const health = make()
    const first = Probes.take(health, start)
    Probes.ended(health, first!, "good", start)
    const take = (at: number) => Probes.take(health, at)
    for (let n = 0; n < 2; n++) turn(health, n, start + 2000, "error")
    assert.isUndefined(take(start + 2000))
    turn(health, 3, start + 2000, "error")
    for (let n = 0; n < 5; n++) {
      const probe = take(start + 3000 + n * 1000)
      assert.isDefined(probe)
      Probes.ended(health, probe!, "bad", start + 3000 + n * 1000)
    }
    assert.strictEqual(health.breakers.global.state, "open")
  })

  it("an organisation that asks keeps the idle probes going for a window", () => {
    const health = make()
    const first = Probes.take(health, start)
    Probes.ended(health, first!, "good", start)
    admit(health, org(1), start)
    assert.isDefined(Probes.take(health, start + 30_000))
    assert.isUndefined(Probes.take(health, start + settings.windowMs + 1))
  })

  describe("with the breaker open", () => {
    const opened = (probes = true) => {
      const health = make(probes)
      Breakers.moveGlobal(health.breakers, Breaker.trip(health.breakers.global, start, "faults"))
      return health
    }
    const direct = (health: Health.Health, outcome: Outcome, times: number, at: number) => {
      for (let n = 0; n < times; n++) {
        Health.record(health, { orgId: org(n), mode: "direct_llm", outcome, latencyMs: 1 }, at)
      }
    }

    it("direct mode that fails as well leaves the runtime in use, until it is mended or a minute old", () => {
      const health = opened()
      assert.strictEqual(admit(health, org(1), start).allowed, "no")
      direct(health, "error", 12, start)
      assert.strictEqual(admit(health, org(1), start).allowed, "yes")
      assert.isTrue(HealthReport.status(health, start).directFailing)
      assert.strictEqual(admit(health, org(1), start + 60_001).allowed, "no")
      direct(health, "error", 1, start + 70_000)
      assert.strictEqual(admit(health, org(1), start + 70_000).allowed, "yes")
      direct(health, "success", 3, start + 70_000)
      assert.strictEqual(admit(health, org(1), start + 70_000).allowed, "no")
    })

    it("without a direct provider all turns go to the runtime, and the status says so", () => {
      const health = Health.make({ ...settings, providers: [] }, start)
      Breakers.moveGlobal(health.breakers, Breaker.trip(health.breakers.global, start, "faults"))
      const { allowed, reason } = admit(health, org(1), start)
      assert.deepStrictEqual([allowed, reason], ["yes", "no direct provider is configured; after: faults"])
      const { directConfigured, share, state } = HealthReport.status(health, start)
      assert.deepStrictEqual(
        { directConfigured, share, state },
        { directConfigured: false, share: 1, state: "open" },
      )
      assert.isFalse(HealthReport.isFallbackEnabled(health, start))
      assert.deepInclude(HealthReport.metrics(health, start), { fallbackEnabled: false, fallbackReason: "" })
    })

    it("an organisation that has left without a direct provider stays on the runtime, and probes as usual", () => {
      const health = Health.make({ ...settings, providers: [] }, start)
      const own = Breakers.touch(health.breakers, org(1), start)
      Breakers.moveOrg(health.breakers, own, Breaker.trip(own.breaker, start, "faults"), start)
      assert.strictEqual(admit(health, org(1), start).allowed, "yes")
      assert.strictEqual(admit(health, org(1), start + 300_000).allowed, "probe")
    })

    it("on the way back the same sessions are let in at every step, and more with each", () => {
      const health = opened()
      for (let second = 0; second <= 6; second++) {
        const probe = Probes.take(health, start + second * 1000)
        if (probe !== undefined) Probes.ended(health, probe, "good", start + second * 1000)
      }
      assert.strictEqual(health.breakers.global.state, "ramp")
      const letIn = (at: number) =>
        new Set(
          Array.from({ length: 400 }, (_, n) => n).filter((n) => admit(health, org(n), at).allowed === "yes"),
        )
      const steps = [7000, 17_000, 27_000].map((ms) => letIn(start + ms))
      assert.approximately(steps[0]!.size, 80, 30)
      assert.approximately(steps[1]!.size, 200, 40)
      assert.strictEqual(steps[2]!.size, 400)
      assert.isTrue([...steps[0]!].every((n) => steps[1]!.has(n)))
    })

    it("on the way back, what fails after it has shown progress was no good one", () => {
      const health = opened()
      for (let second = 0; second <= 6; second++) {
        const probe = Probes.take(health, start + second * 1000)
        if (probe !== undefined) Probes.ended(health, probe, "good", start + second * 1000)
      }
      const insiders = Array.from({ length: 100 }, (_, n) => n).filter(
        (n) => admit(health, org(n), start + 7000).allowed === "yes",
      )
      const [first = 0, second = 0, third = 0] = insiders
      turn(health, first, start + 7000, "success", 10)
      turn(health, second, start + 7100, "error", 10)
      turn(health, third, start + 7200, "error")
      assert.deepInclude(health.breakers.global, { state: "ramp", good: 1, bad: 2 })
    })
  })

  it("an attempt may wait 15 s at first, 3 s once the breaker has opened over it, 5 s on the way back", () => {
    const health = make()
    const { ticket } = admit(health, org(1), start)
    assert.strictEqual(Health.firstProgressLimitMs(health, ticket), 15_000)
    Breakers.moveGlobal(health.breakers, Breaker.trip(health.breakers.global, start, "faults"))
    assert.strictEqual(Health.firstProgressLimitMs(health, ticket), 3000)
    for (let second = 0; second <= 6; second++) {
      const probe = Probes.take(health, start + second * 1000)
      if (probe !== undefined) Probes.ended(health, probe, "good", start + second * 1000)
    }
    const back = { globalEpoch: health.breakers.global.epoch, orgEpoch: 0 }
    assert.strictEqual(Health.firstProgressLimitMs(health, back), 5000)
  })

  it("an order for all runs out by itself, and the log says so", () => {
    const health = make()
    const order = { mode: "direct_llm", by: "ops", reason: "drill", expiresAt: start + 1000 } as const
    Health.force(health, start, order, "drill")
    Health.advance(health, start + 999)
    assert.strictEqual(HealthReport.status(health, start + 999).state, "forced_direct")
    assert.containsSubset(HealthReport.status(health, start + 1000), {
      state: "closed",
      forced: null,
      transitions: [{ from: "forced_direct", to: "closed", reason: "the order has run out" }],
    })
  })
})
