import { assert, describe, it } from "@effect/vitest"
import type { OrgId } from "../../../src/domain/Ids.ts"
import type { Outcome } from "../../../src/domain/Outcome.ts"
import * as Health from "../../../src/monitoring/Health.ts"
import * as ProviderBreakers from "../../../src/monitoring/breaker/ProviderBreakers.ts"
import { org, settings, start } from "../schedules.ts"
import { defaultPolicy } from "../../../src/monitoring/Policy.ts"
import * as OperatorCommands from "../../../src/monitoring/breaker/OperatorCommands.ts"

const leaseMs = 300_000
/** The first dwell of a breaker. */
const dwellMs = 30_000

/** Providers a, b, c and turns over them, each of which takes no time. */
class Drill {
  providers = ProviderBreakers.make(["a", "b", "c"], defaultPolicy, start)
  now = start

  admit(name: string, ...later: ReadonlyArray<string>) {
    const [pass, providers] = ProviderBreakers.admit(this.providers, name, later, this.now, leaseMs)
    this.providers = providers
    return pass
  }

  end(pass: ProviderBreakers.Pass | undefined, outcome: Outcome, orgId: OrgId = org(0), pauseMs?: number) {
    assert.isDefined(pass)
    const end = { pass: pass!, orgId, outcome, startedAt: this.now, pauseMs }
    const [transition, providers] = ProviderBreakers.ended(this.providers, defaultPolicy, end, this.now)
    this.providers = providers
    return transition
  }

  /** One attempt at `name`; false if it is skipped. */
  turn(name: string, outcome: Outcome, later: ReadonlyArray<string> = ["b"], orgId: OrgId = org(0)): boolean {
    const pass = this.admit(name, ...later)
    if (pass !== undefined) this.end(pass, outcome, orgId)
    return pass !== undefined
  }

  open(name: string) {
    for (let fault = 0; fault < 3; fault++) this.turn(name, "error")
    assert.strictEqual(this.stateOf(name), "open")
  }

  status(name: string) {
    const status = ProviderBreakers.statusOf(this.providers, this.now).find((one) => one.name === name)
    assert.isDefined(status)
    return status!
  }

  stateOf = (name: string) => this.status(name).state
}

describe("the breaker of a provider", () => {
  it("opens after three faults in a row, and the provider is skipped until the dwell is over", () => {
    const drill = new Drill()
    const asked = Array.from({ length: 15 }, () => {
      drill.now += 1000
      return drill.turn("a", "timeout_first_content")
    })
    assert.deepStrictEqual(
      asked,
      asked.map((_, index) => index < 3),
    )
    const [a, b] = ProviderBreakers.statusOf(drill.providers, drill.now)
    assert.deepStrictEqual(a, {
      name: "a",
      state: "open",
      since: start + 3000,
      reason: "faults 3 >= 3 in 2000 ms",
      nextProbeAt: start + 3000 + dwellMs,
      evidence: { faults: 0, limit: 3 },
    })
    assert.deepStrictEqual([b?.state, b?.reason, b?.nextProbeAt], ["closed", "", null])
  })

  it("costs an outage of 60 s at a turn a second a handful of attempts", () => {
    const drill = new Drill()
    let asked = 0
    for (let second = 0; second < 60; second++) {
      drill.now += 1000
      if (drill.turn("a", "error")) asked += 1
    }
    assert.isAtMost(asked, 5)
  })

  it("stays closed when good answers lie between the faults", () => {
    const drill = new Drill()
    for (let turn = 0; turn < 300; turn++) drill.turn("a", turn % 2 === 0 ? "error" : "success")
    assert.strictEqual(drill.stateOf("a"), "closed")
  })

  it("does not count neutral outcomes", () => {
    const drill = new Drill()
    for (let turn = 0; turn < 50; turn++) drill.turn("a", "neutral")
    assert.strictEqual(drill.stateOf("a"), "closed")
    assert.isTrue(drill.turn("a", "error"))
    assert.isTrue(drill.turn("a", "error"))
    assert.isTrue(drill.turn("a", "neutral"))
    assert.strictEqual(drill.stateOf("a"), "closed")
    drill.turn("a", "error")
    assert.strictEqual(drill.stateOf("a"), "open")
  })

  it("does not count attempts that began before its last move", () => {
    const drill = new Drill()
    const before = drill.admit("a", "b")
    drill.open("a")
    drill.now += dwellMs
    const probe = drill.admit("a", "b")
    drill.end(before, "success")
    drill.end(before, "error")
    assert.strictEqual(drill.stateOf("a"), "half_open")
    drill.end(probe, "error")
    assert.strictEqual(drill.stateOf("a"), "open")
  })

  it("does not open again for attempts that began before it opened and end after it has closed", () => {
    const drill = new Drill()
    const late = [1, 2, 3].map(() => drill.admit("a", "b"))
    drill.open("a")
    drill.now += dwellMs
    for (let good = 0; good < 3; good++) drill.end(drill.admit("a", "b"), "success")
    for (const pass of late) drill.end(pass, "error")
    assert.strictEqual(drill.stateOf("a"), "closed")
  })

  it("closes after three good turns, one at a time, and opens for twice as long after a bad one", () => {
    const drill = new Drill()
    drill.open("a")
    drill.now += dwellMs - 1
    assert.isUndefined(drill.admit("a", "b"))
    drill.now += 1
    for (let good = 0; good < 3; good++) {
      const probe = drill.admit("a", "b")
      assert.isDefined(probe)
      assert.isUndefined(drill.admit("a", "b"), "another turn while the probe is under way")
      drill.end(probe, "success")
    }
    assert.strictEqual(drill.stateOf("a"), "closed")
    drill.open("a")
    drill.now += 2 * dwellMs - 1
    assert.isUndefined(drill.admit("a", "b"))
    drill.now += 1
    drill.end(drill.admit("a", "b"), "error")
    drill.now += 4 * dwellMs - 1
    assert.isUndefined(drill.admit("a", "b"))
  })

  it("leases the next turn after a neutral or lost probe", () => {
    const drill = new Drill()
    drill.open("a")
    drill.now += dwellMs
    for (let neutral = 0; neutral < 5; neutral++) drill.end(drill.admit("a", "b"), "neutral")
    assert.strictEqual(drill.stateOf("a"), "half_open")
    assert.isDefined(drill.admit("a", "b"))
    drill.now += leaseMs - 1
    assert.isUndefined(drill.admit("a", "b"))
    drill.now += 1
    assert.isDefined(drill.admit("a", "b"))
  })

  it("never skips the last provider, nor any while no later one is in use", () => {
    const drill = new Drill()
    drill.open("c")
    assert.isDefined(drill.admit("c"))
    drill.open("a")
    assert.isUndefined(drill.admit("a", "b", "c"))
    assert.isDefined(drill.admit("a", "c"), "both are open: the turn tries one after the other")
    drill.open("b")
    for (const [name, ...later] of [["a", "b", "c"], ["b", "c"], ["c"]] as const) {
      assert.isDefined(drill.admit(name, ...later))
    }
  })

  it("one organisation whose own requests fail does not open it while three others get answers", () => {
    const drill = new Drill()
    for (let round = 0; round < 50; round++) {
      for (const number of [1, 2, 3]) drill.turn("a", "success", ["b"], org(number))
      for (let fault = 0; fault < 5; fault++) drill.turn("a", "error", ["b"], org(0))
      assert.strictEqual(drill.stateOf("a"), "closed")
    }
  })

  it("all organisations together open it, and one alone after the others were idle for 10 s", () => {
    const all = new Drill()
    for (let turn = 0; turn < 4; turn++) all.turn("a", "error", ["b"], org(turn))
    assert.strictEqual(all.stateOf("a"), "open")
    const one = new Drill()
    for (const number of [1, 2, 3]) one.turn("a", "success", ["b"], org(number))
    one.now += 10_001
    one.open("a")
  })

  it("closes at a global reset, and not at that of one organisation", () => {
    const drill = new Drill()
    drill.open("a")
    const health = { ...Health.make(settings, start), providers: drill.providers }
    const states = ({ providers }: Health.Health) =>
      ProviderBreakers.statusOf(providers, start).map(({ state }) => state)
    const own = OperatorCommands.clearEvidence(health, org(0), start)
    assert.deepStrictEqual(states(own), ["open", "closed", "closed"])
    const all = OperatorCommands.clearEvidence(health, undefined, start)
    assert.deepStrictEqual(states(all), ["closed", "closed", "closed"])
  })
})

describe("a provider that asks for a pause", () => {
  const paused = (pauseMs: number) => {
    const drill = new Drill()
    drill.end(drill.admit("a", "b"), "neutral", org(0), pauseMs)
    return drill
  }

  it("is skipped until the pause is over, while its breaker stays closed", () => {
    const drill = paused(20_000)
    drill.now += 19_999
    assert.isUndefined(drill.admit("a", "b"))
    assert.strictEqual(drill.stateOf("a"), "closed")
    assert.deepInclude(drill.status("a"), {
      reason: "paused: the provider asked for a pause",
      nextProbeAt: drill.now + 1,
    })
    drill.now += 1
    assert.deepInclude(drill.status("a"), { reason: "", nextProbeAt: null })
    assert.isDefined(drill.admit("a", "b"))
  })

  it("gets a request again after a minute at the latest", () => {
    const drill = paused(86_400_000)
    drill.now += 60_000
    assert.isDefined(drill.admit("a", "b"))
  })

  it("gets requests while no later provider is in use", () => {
    const drill = paused(20_000)
    assert.isDefined(drill.admit("a"))
    drill.end(drill.admit("b", "c"), "neutral", org(0), 20_000)
    assert.isDefined(drill.admit("a", "b"))
    assert.isUndefined(drill.admit("a", "b", "c"))
    drill.open("c")
    assert.isDefined(drill.admit("a", "b", "c"))
  })

  it("gets a request at once after a reset", () => {
    const drill = paused(20_000)
    drill.providers = ProviderBreakers.reset(drill.providers, drill.now)
    assert.isDefined(drill.admit("a", "b"))
  })
})
