import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Outcome } from "../../../src/domain/Outcome.ts"
import type * as Breaker from "../../../src/monitoring/breaker/Breaker.ts"
import * as OrderedMap from "../../../src/platform/OrderedMap.ts"
import * as SlidingWindow from "../../../src/monitoring/evidence/SlidingWindow.ts"
import { type Member, TestFleet, type Turn } from "../fleet.ts"
import { between, list, long, mostly, org, settings, start } from "../schedules.ts"

const operation = Schema.Struct({
  gapMs: mostly(between(0, 400), between(0, 20_000)),
  act: mostly(
    Schema.Literals(["begin", "begin", "progress", "end", "end", "pulse", "pulse"]),
    Schema.Literals(["force", "reset", "resetOne", "away", "back", "deaf", "forget", "join"]),
  ),
  member: between(0, 4),
  org: between(0, 4),
  turn: between(0, 30),
  outcome: mostly(Schema.Literals(["error", "timeout_first_content", "success"]), Outcome),
})
type Operation = typeof operation.Type
const schedule = list(operation, 300)
const eager = { ...settings, minSamples: 4 }

class Drill {
  readonly fleet = new TestFleet(3, eager, start)
  turns: Array<readonly [Member, Turn]> = []
  ended = 0
  orders = 0

  step(step: Operation): void {
    const { fleet } = this
    fleet.now += step.gapMs
    const member = fleet.members[step.member % fleet.members.length]!
    const orgId = org(step.org)
    const [owner, turn] = this.turns[step.turn % Math.max(1, this.turns.length)] ?? []
    switch (step.act) {
      case "begin": {
        const begun = member.begin(orgId, `session ${step.turn}`)
        if (begun !== undefined) this.turns.push([member, begun])
        return
      }
      case "progress":
        return turn && owner?.progress(turn)
      case "end":
        if (turn === undefined || owner === undefined) return
        this.turns = this.turns.filter(([, other]) => other !== turn)
        this.ended += 1
        return owner.end(turn, step.outcome)
      case "pulse":
        return member.pulse()
      case "force": {
        // Two in the same millisecond are two.
        const reason = `drill ${++this.orders}`
        const order = { mode: "direct_llm", by: "ops", reason, expiresAt: null } as const
        const scope = step.org === 0 ? undefined : orgId
        return member.setOverride(member.now, step.turn % 3 ? order : undefined, "drill", scope)
      }
      case "reset":
        return member.resetNow()
      case "resetOne":
        return member.resetNow(orgId)
      case "join":
        return void (fleet.members.length < 5 && fleet.join())
      default:
        return this.befall(step.act)
    }
  }

  private befall(what: "away" | "back" | "deaf" | "forget"): void {
    const { exchange } = this.fleet
    exchange.isAway = what === "away"
    exchange.isDeaf = what === "deaf"
    if (what === "forget") exchange.forget()
  }

  settle(): void {
    this.befall("back")
    this.fleet.meet()
  }
}

/** All that a breaker is, by the clock of the exchange. */
const breakersOf = (drill: Drill) =>
  drill.fleet.members.map((member, place) => {
    const { breakers } = member
    const at = (breaker: Breaker.Breaker) => {
      const { state, epoch } = breaker
      return { state, epoch, since: state === "closed" ? 0 : breaker.since - place * 1000 }
    }
    const orgs = [...OrderedMap.values(breakers.orgs.byId)]
      .filter(({ breaker, override }) => breaker.state !== "closed" || override !== undefined)
      .map(({ breaker, id, override }) => ({ id, mode: override?.mode, state: breaker.state }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    return { global: at(breakers.global), mode: breakers.override?.mode, orgs }
  })

describe("breakers of a fleet", () => {
  it.prop(
    "reach one state on all replicas after any sequence of events",
    [schedule],
    ([steps]) => {
      const drill = new Drill()
      drill.fleet.meet()
      for (const step of steps) drill.step(step)
      drill.settle()
      const [first, ...others] = breakersOf(drill)
      for (const other of others) assert.deepStrictEqual(other, first)
      for (const { breakers } of drill.fleet.members) assert.lengthOf(breakers.pending, 0)
    },
    long(150),
  )

  it("reach one state after the exchange lost a revision that only one replica knew", () => {
    const fleet = new TestFleet(1, eager, start)
    const [first] = fleet.members
    const order = { mode: "direct_llm", by: "ops", reason: "drill", expiresAt: null } as const
    fleet.meet()
    first!.setOverride(first!.now, order, "drill")
    fleet.meet()
    first!.setOverride(first!.now, undefined, "drill")
    fleet.meet()
    fleet.exchange.forget()
    const second = fleet.join()
    second.pulse()
    for (let index = 0; index < 6; index++) {
      fleet.now += 1000
      const begun = second.begin(org(index), `session ${index}`)
      if (begun !== undefined) second.end(begun, "error")
    }
    assert.strictEqual(second.breakers.global.state, "open")
    fleet.meet()
    assert.strictEqual(first!.breakers.global.state, second.breakers.global.state)
    assert.strictEqual(first!.breakers.global.epoch, second.breakers.global.epoch)
  })

  it.prop(
    "no attempt counts twice, and none is missing while the exchange stores its data",
    [schedule],
    ([steps]) => {
      const drill = new Drill()
      drill.fleet.meet()
      const gentle = steps
        .filter(({ act }) => act !== "forget")
        .map((step) => ({ ...step, gapMs: step.gapMs % 500 }))
      for (const step of gentle) drill.step(step)
      drill.settle()
      for (const member of drill.fleet.members) {
        const { runtime } = member.metrics(member.now)
        assert.strictEqual(runtime.total + runtime.neutral, drill.ended)
      }
    },
    long(150),
  )

  it.prop(
    "exactly one replica settles each transition as its own",
    [schedule],
    ([steps]) => {
      const drill = new Drill()
      drill.fleet.meet()
      const calm = steps.filter(({ act }) => !["away", "deaf", "forget"].includes(act))
      for (const step of calm) drill.step(step)
      drill.settle()
      const [first] = drill.fleet.members
      const written = drill.fleet.members.flatMap(({ settled }) => settled.filter(({ ours }) => ours))
      const seen = new Set(first!.settled.map(({ transition }) => JSON.stringify(transition)))
      const once = new Set(written.map(({ transition }) => JSON.stringify(transition)))
      assert.strictEqual(once.size, written.length)
      assert.deepStrictEqual(
        [...seen].filter((text) => !once.has(text)),
        [],
      )
    },
    long(150),
  )
})

describe("the window of a fleet", () => {
  it("a late record counts in the bucket of its time, and one older than the window does not count", () => {
    const empty = SlidingWindow.make(60_000, { quantiles: false })
    const recent = SlidingWindow.record(empty, start, "success", 5, start - 30_500)
    const window = SlidingWindow.record(recent, start, "success", 5, start - 61_000)
    assert.strictEqual(SlidingWindow.tally(window, start).total, 1)
    assert.strictEqual(SlidingWindow.tally(window, start + 31_000).total, 0)
  })
})
