import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Outcome } from "../../src/domain/Outcome.ts"
import * as Breaker from "../../src/monitoring/Breaker.ts"
import * as Evidence from "../../src/monitoring/Evidence.ts"
import * as Health from "../../src/monitoring/Health.ts"
import * as HealthReport from "../../src/monitoring/HealthReport.ts"
import * as Orgs from "../../src/monitoring/Orgs.ts"
import * as SlidingWindow from "../../src/monitoring/SlidingWindow.ts"
import { between, list, long, mostly, org, settings, start } from "./schedules.ts"

const operation = Schema.Struct({
  gapMs: mostly(between(0, 3000), between(0, 400_000)),
  act: mostly(Schema.Literals(["admit", "end"]), Schema.Literals(["release", "reset", "resetAll"])),
  org: between(0, 5),
  /** Which of the turns under way ends. */
  turn: between(0, 30),
  outcome: Schema.Union([Outcome, Schema.Literals(["success", "error"])]),
})
const schedule = list(operation, 250)

interface Turn {
  readonly orgId: ReturnType<typeof org>
  readonly admission: Health.Admission
  readonly at: number
}

const breakerOf = (health: Health.Health, turn: Turn) =>
  turn.admission.scope === "org" ? health.breakers.orgs.byId.get(turn.orgId)?.breaker : health.breakers.global

/** Whether the turn's lease is the one that its breaker has given out and that has not run out. */
const isLeased = (health: Health.Health, now: number) => (turn: Turn) => {
  const breaker = breakerOf(health, turn)
  return (
    turn.admission.allowed === "probe" &&
    breaker?.state === "half_open" &&
    now < turn.at + settings.timeoutThresholdMs
  )
}

const run = (
  health: Health.Health,
  steps: ReadonlyArray<typeof operation.Type>,
  check: (turns: ReadonlyArray<Turn>, now: number) => void,
): number => {
  let now = start
  let turns: Array<Turn> = []
  for (const { act, gapMs, org: number, outcome, turn: index } of steps) {
    now += gapMs
    const orgId = org(number)
    const turn = turns[index % Math.max(1, turns.length)]
    if (act === "admit") turns.push({ orgId, admission: Health.admit(health, orgId, now), at: now })
    else if (act === "reset") Health.reset(health, now, orgId)
    else if (act === "resetAll") Health.reset(health, now)
    else if (turn !== undefined) {
      const { ticket } = turn.admission
      const mode = turn.admission.allowed === "no" ? "direct_llm" : "runtime_orchestrator"
      if (act === "release") Health.release(health, ticket, turn.orgId, now)
      else Health.record(health, { orgId: turn.orgId, mode, outcome, latencyMs: now - turn.at, ticket }, now)
      turns = turns.filter((other) => other !== turn)
    }
    turns = turns.filter((other) => other.admission.allowed !== "probe" || isLeased(health, now)(other))
    check(turns, now)
  }
  return now
}

describe("Health", () => {
  it.prop(
    "each breaker has at most one probe under way",
    [schedule],
    ([steps]) => {
      const health = Health.make({ ...settings, minSamples: 3 }, start)
      run(health, steps, (turns, now) => {
        const leased = turns.filter(isLeased(health, now)).map((turn) => breakerOf(health, turn))
        assert.strictEqual(new Set(leased).size, leased.length)
      })
    },
    long(300),
  )

  it.prop(
    "the common evidence is the sum of that of the organisations that are in, and never negative",
    [schedule],
    ([steps]) => {
      const health = Health.make({ ...settings, minSamples: 3 }, start)
      const { breakers } = health
      run(health, steps, (_, now) => {
        const sum = { total: 0, error: 0, timeout: 0, latencyMs: 0 }
        for (const tally of Evidence.tallies(breakers.orgs, breakers.global.epoch, now)) {
          assert.isAtLeast(Math.min(tally.total, tally.error, tally.timeout, tally.latencyMs), 0)
          sum.total += tally.total
          sum.error += tally.error
          sum.timeout += tally.timeout
          sum.latencyMs += tally.latencyMs
        }
        assert.deepStrictEqual(SlidingWindow.tally(breakers.evidence, now), sum)
      })
    },
    long(300),
  )

  it.prop(
    "fault 12: after any schedule every organisation is back on the runtime once its probes end well",
    [schedule],
    ([steps]) => {
      const health = Health.make({ ...settings, minSamples: 3 }, start)
      let now = run(health, steps, () => undefined)
      for (let number = 0; number <= 5; number++) {
        const orgId = org(number)
        // At most its own probe and the global one, each after the longest wait.
        const found: Array<string> = []
        for (let turn = 0; turn < 3; turn++) {
          const { allowed, ticket } = Health.admit(health, orgId, now)
          found.push(allowed)
          if (allowed === "yes") break
          if (allowed === "no") now += 300_000
          const next = allowed === "no" ? Health.admit(health, orgId, now) : { allowed, ticket }
          Health.record(
            health,
            { orgId, mode: "runtime_orchestrator", outcome: "success", latencyMs: 1, ticket: next.ticket },
            now,
          )
        }
        assert.strictEqual(found.at(-1), "yes")
      }
    },
    long(300),
  )

  const poison = Schema.Struct({
    gapMs: between(0, 4000),
    /** 0 is the bad one: it sends most. */
    org: Schema.Union([between(0, 3), Schema.Literal(0)]),
    outcome: Schema.Literals(["error", "error", "timeout_first_content", "timeout_stall", "timeout_total"]),
  })

  it.prop(
    "fault 14: one bad organisation never moves three good ones off the runtime",
    [list(poison, 300)],
    ([steps]) => {
      const health = Health.make(settings, start)
      let now = start
      const turn = (number: number, outcome: Outcome) => {
        const orgId = org(number)
        const { allowed, ticket } = Health.admit(health, orgId, now)
        if (number > 0) assert.strictEqual(allowed, "yes")
        const attempt = { orgId, latencyMs: outcome === "success" ? 2000 : 300_000, ticket }
        if (allowed === "no")
          Health.record(health, { ...attempt, mode: "direct_llm", outcome: "success" }, now)
        else Health.record(health, { ...attempt, mode: "runtime_orchestrator", outcome }, now)
        assert.strictEqual(health.breakers.global.state, "closed")
      }
      for (const number of [1, 2, 3]) turn(number, "success")
      for (const step of steps) {
        now += step.gapMs
        turn(step.org, step.org === 0 ? step.outcome : "success")
      }
      for (let fault = 0; fault < 10; fault++) turn(0, "error")
      assert.notStrictEqual(health.breakers.orgs.byId.get(org(0))?.breaker.state, "closed")
    },
    long(),
  )

  it.prop(
    "below the least number of samples no breaker moves, whatever the outcomes",
    [list(Schema.Struct({ org: between(0, 3), outcome: Outcome, latencyMs: between(0, 600_000) }), 9)],
    ([attempts]) => {
      const health = Health.make(settings, start)
      for (const { org: number, ...attempt } of attempts) {
        Health.record(health, { orgId: org(number), mode: "runtime_orchestrator", ...attempt }, start)
      }
      const { orgs, state, transitions } = HealthReport.status(health, start)
      assert.deepStrictEqual({ orgs, state, transitions }, { orgs: [], state: "closed", transitions: [] })
    },
  )

  /** `count` organisations that take turns, one a second, all with the outcome that `outcomeAt` says. */
  const roundRobin = (count: number, seconds: number, outcomeAt: (second: number) => Outcome) => {
    const health = Health.make(settings, start)
    for (let second = 0; second < seconds; second++) {
      const now = start + second * 1000
      const orgId = org(second % count)
      const { allowed, ticket } = Health.admit(health, orgId, now)
      const mode = allowed === "no" ? "direct_llm" : "runtime_orchestrator"
      const outcome = allowed === "no" ? "success" : outcomeAt(second)
      Health.record(health, { orgId, mode, outcome, latencyMs: 2000, ticket }, now)
    }
    return HealthReport.status(health, start + seconds * 1000)
  }

  it("a runtime that fails for all opens for all, however many organisations there are", () => {
    for (const count of [1, 2, 3, 4, 20, 100]) {
      const status = roundRobin(count, 600, (second) => (second < 300 ? "success" : "error"))
      assert.deepStrictEqual([count, status.state, status.orgs], [count, status.state, []])
      assert.notDeepEqual([count, status.state], [count, "closed"])
    }
  })

  it("a runtime that fails for some turns of all, within the contract, opens for nobody", () => {
    for (const count of [1, 4, 20]) {
      const status = roundRobin(count, 900, (second) => (second % 3 === 0 ? "error" : "success"))
      assert.deepStrictEqual(status.transitions, [])
    }
  })

  it("no more than 10 000 organisations are kept, the last used ones, and their evidence still adds up", () => {
    const health = Health.make(settings, start)
    for (let number = 0; number < Orgs.maxOrgs + 50; number++) {
      Health.record(
        health,
        { orgId: org(number), mode: "runtime_orchestrator", outcome: "success", latencyMs: 1 },
        start,
      )
    }
    assert.strictEqual(health.breakers.orgs.byId.size, Orgs.maxOrgs)
    assert.strictEqual(health.breakers.orgs.byId.has(org(49)), false)
    assert.strictEqual(health.breakers.orgs.byId.has(org(50)), true)
    assert.strictEqual(SlidingWindow.tally(health.breakers.evidence, start).total, Orgs.maxOrgs)
  })

  it("an organisation that is idle for a whole window is forgotten, unless its breaker is not closed", () => {
    const health = Health.make(settings, start)
    Health.admit(health, org(2), start)
    for (let fault = 0; fault < 10; fault++) {
      Health.record(
        health,
        { orgId: org(1), mode: "runtime_orchestrator", outcome: "error", latencyMs: 1 },
        start,
      )
    }
    Health.admit(health, org(3), start + settings.windowMs - 1)
    assert.deepStrictEqual([...health.breakers.orgs.byId.keys()], [org(2), org(1), org(3)])
    Health.admit(health, org(3), start + settings.windowMs + 10_000)
    assert.deepStrictEqual([...health.breakers.orgs.byId.keys()], [org(1), org(3)])
  })

  it("an organisation that was forgotten and comes back does not take the tickets of its former life", () => {
    const health = Health.make(settings, start)
    Health.admit(health, org(2), start)
    const { ticket } = Health.admit(health, org(1), start)
    const attempt = { orgId: org(1), mode: "runtime_orchestrator", outcome: "error", latencyMs: 1 } as const
    for (let fault = 0; fault < 10; fault++) Health.record(health, { ...attempt, ticket }, start)
    Health.reset(health, start, org(1))
    const later = start + 2 * settings.windowMs
    Health.admit(health, org(2), later)
    assert.strictEqual(health.breakers.orgs.byId.has(org(1)), false)
    for (let fault = 0; fault < 10; fault++) Health.record(health, { ...attempt, ticket }, later)
    assert.strictEqual(health.breakers.orgs.byId.get(org(1))?.breaker.state, "closed" satisfies Breaker.State)
  })
})
