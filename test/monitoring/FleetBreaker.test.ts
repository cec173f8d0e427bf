import { assert, describe, it } from "@effect/vitest"
import type { OrgId } from "../../src/domain/Ids.ts"
import type * as Health from "../../src/monitoring/Health.ts"
import { type Member, TestFleet } from "./fleet.ts"
import { org, settings, start } from "./schedules.ts"

const fleetOf = (size = 3, given: Partial<Health.Settings> = {}) => {
  const fleet = new TestFleet(size, { ...settings, ...given }, start)
  fleet.meet()
  return fleet
}

const fail = (fleet: TestFleet, member: Member, orgId: OrgId): void => {
  const turn = member.begin(orgId, "session")
  fleet.now += 100
  if (turn !== undefined) member.end(turn, "error")
}

const states = ({ members }: TestFleet) => members.map(({ global }) => global.state)

const runtimeOf = (member: Member) => member.metrics(member.now).runtime

describe("the breaker of a fleet", () => {
  it("opens for faults that no replica alone has enough of", () => {
    const fleet = fleetOf()
    for (let turn = 0; turn < 16; turn++) {
      fail(fleet, fleet.members[turn % 3]!, org(turn % 4))
      fleet.meet()
    }
    assert.deepStrictEqual(states(fleet), ["open", "open", "open"])
    for (const member of fleet.members)
      assert.strictEqual(runtimeOf(member).error, runtimeOf(fleet.members[0]!).error)
  })

  it("does not open for faults while many more attempts of others are under way", () => {
    const fleet = fleetOf()
    for (let turn = 0; turn < 40; turn++) fleet.members[1]!.begin(org(turn % 4), "session")
    fleet.meet()
    for (let turn = 0; turn < 11; turn++) fail(fleet, fleet.members[0]!, org(turn % 4))
    fleet.meet()
    assert.deepStrictEqual(states(fleet), ["closed", "closed", "closed"])
  })

  it("opens when no attempt of any replica shows progress", () => {
    const fleet = fleetOf()
    for (let turn = 0; turn < 12; turn++) fleet.members[turn % 3]!.begin(org(turn), "session")
    // No first limit is so long: 1.5 times the assumed p99.
    for (let second = 0; second < 40; second++) {
      fleet.now += 250
      fleet.meet()
      for (const member of fleet.members) member.advance(member.now)
    }
    fleet.meet()
    assert.deepStrictEqual(states(fleet), ["open", "open", "open"])
  })

  it("the attempts of a replica that died are no silence of the runtime", () => {
    const fleet = fleetOf()
    for (let turn = 0; turn < 30; turn++) fleet.members[0]!.begin(org(turn), "session")
    fleet.meet()
    const [, ...others] = fleet.members
    for (let second = 0; second < 60; second++) {
      fleet.now += 1000
      for (const member of others) member.pulse()
    }
    for (const member of others) {
      member.advance(member.now)
      assert.strictEqual(member.global.state, "closed")
      assert.strictEqual(member.waiting, 0)
    }
  })

  it("does not open for late events (D7): they count in the windows alone, at their time", () => {
    const fleet = fleetOf(2)
    const [one, other] = [fleet.members[0]!, fleet.members[1]!]
    fleet.exchange.isAway = true
    fleet.meet()
    for (let turn = 0; turn < 9; turn++) fail(fleet, one, org(turn % 3))
    fleet.now += 5000
    fleet.exchange.isAway = false
    fleet.meet()
    assert.strictEqual(runtimeOf(other).error, 9)
    assert.strictEqual(other.faults, 0)
    fleet.now += 296_000
    assert.strictEqual(runtimeOf(other).error, 0)
  })

  it("replays a command that lost against another replica's transition", () => {
    const fleet = fleetOf(2, { minSamples: 4 })
    const [one, other] = [fleet.members[0]!, fleet.members[1]!]
    for (let turn = 0; turn < 12; turn++) fail(fleet, one, org(turn % 4))
    const order = { mode: "runtime_orchestrator", by: "ops", reason: "drill", expiresAt: null } as const
    other.setOverride(other.now, order, "drill")
    fleet.meet()
    assert.deepStrictEqual(states(fleet), ["open", "open"])
    for (const member of fleet.members)
      assert.strictEqual(member.overrideOf(org(1), member.now)?.mode, order.mode)
    other.resetNow()
    fleet.meet()
    assert.deepStrictEqual(states(fleet), ["closed", "closed"])
  })

  it("a reset voids the evidence on every replica, also while no breaker is open", () => {
    const fleet = fleetOf(2)
    const [one, other] = [fleet.members[0]!, fleet.members[1]!]
    for (let turn = 0; turn < 6; turn++) fail(fleet, one, org(turn % 3))
    fleet.meet()
    assert.isAbove(other.faults, 0)
    other.resetNow()
    fleet.meet()
    assert.strictEqual(one.faults, 0)
  })

  it("a turn leased as a probe keeps those of other replicas out", () => {
    const fleet = fleetOf(3, { minSamples: 4 })
    for (let turn = 0; turn < 8; turn++) fail(fleet, fleet.members[0]!, org(turn % 4))
    fleet.meet()
    assert.deepStrictEqual(states(fleet), ["open", "open", "open"])
    fleet.now += 31_000
    assert.isDefined(fleet.members[1]!.begin(org(1), "session"))
    fleet.meet()
    for (const member of fleet.members) assert.isUndefined(member.begin(org(2), "session"))
  })

  it("one replica probes for all; another continues when it falls silent; each probes for itself without the exchange", () => {
    const fleet = fleetOf(3, { probes: true, minSamples: 4 })
    const takes = () => fleet.members.filter((member) => member.takeProbe(member.now) !== undefined)
    for (let turn = 0; turn < 8; turn++) fail(fleet, fleet.members[0]!, org(turn % 4))
    fleet.meet()
    fleet.now += 2500
    assert.deepStrictEqual(takes(), [fleet.members[0]!])
    for (let second = 0; second < 4; second++) {
      fleet.now += 1000
      for (const member of fleet.members.slice(1)) member.pulse()
    }
    assert.deepStrictEqual(takes().slice(-1), [fleet.members[1]!])
    fleet.exchange.isAway = true
    fleet.meet()
    fleet.now += 2500
    assert.lengthOf(takes(), 3)
  })

  it("a batch that was sent and not acknowledged counts once", () => {
    const fleet = fleetOf(2)
    const [one, other] = [fleet.members[0]!, fleet.members[1]!]
    for (let turn = 0; turn < 3; turn++) fail(fleet, one, org(turn))
    fleet.exchange.isDeaf = true
    one.pulse()
    one.pulse()
    fleet.exchange.isDeaf = false
    fleet.meet()
    assert.strictEqual(runtimeOf(other).error, 3)
  })

  it("a replica that starts knows the window and the breakers of the others", () => {
    const fleet = fleetOf(2, { minSamples: 4 })
    for (let turn = 0; turn < 8; turn++) fail(fleet, fleet.members[0]!, org(turn % 4))
    fleet.meet()
    fleet.now += 60_000
    const late = fleet.join()
    fleet.meet()
    assert.strictEqual(late.global.state, "open")
    assert.strictEqual(runtimeOf(late).error, runtimeOf(fleet.members[0]!).error)
  })
})
