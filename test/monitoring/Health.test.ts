import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Outcome } from "../../src/domain/Outcome.ts"
import type { RuntimePermission } from "../../src/monitoring/breaker/RuntimePermission.ts"
import * as Evidence from "../../src/monitoring/evidence/Evidence.ts"
import { admit, between, list, long, mostly, org, settings, start } from "./schedules.ts"
import { TestMonitor } from "./TestMonitor.ts"

const operation = Schema.Struct({
  gapMs: mostly(between(0, 3000), between(0, 400_000)),
  act: mostly(Schema.Literals(["admit", "end"]), Schema.Literals(["release", "reset", "resetAll"])),
  org: between(0, 5),
  /** Which of the turns under way ends. */
  turn: between(0, 30),
  /** On the runtime although it was told no: there is no other mode. */
  anyway: Schema.Boolean,
  outcome: Schema.Union([Outcome, Schema.Literals(["success", "error"])]),
})
const schedule = list(operation, 250)

interface Turn {
  readonly orgId: ReturnType<typeof org>
  readonly admission: RuntimePermission
  readonly at: number
}

const breakerOf = (monitor: TestMonitor, turn: Turn) =>
  turn.admission.scope === "org" ? monitor.breakerOf(turn.orgId) : monitor.global

/** Runs a schedule. `leased` are the probes that have neither ended, nor run out, nor lost their breaker's half-open. */
const run = (
  monitor: TestMonitor,
  steps: ReadonlyArray<typeof operation.Type>,
  check: (leased: ReadonlySet<Turn>, now: number) => void,
): number => {
  let now = start
  let turns: Array<Turn> = []
  const leased = new Set<Turn>()
  const end = (turn: Turn, { act, anyway, outcome }: typeof operation.Type) => {
    const { admission, at, orgId } = turn
    const mode = admission.allowed === "no" && !anyway ? "direct_llm" : "runtime_orchestrator"
    if (act === "release") monitor.release(admission.ticket, orgId, now)
    else monitor.record({ orgId, mode, outcome, latencyMs: now - at, ticket: admission.ticket }, now)
    turns = turns.filter((other) => other !== turn)
    leased.delete(turn)
  }
  for (const step of steps) {
    now += step.gapMs
    const orgId = org(step.org)
    const ending = turns[step.turn % Math.max(1, turns.length)]
    if (step.act === "admit") {
      const turn = { orgId, admission: admit(monitor, orgId, now), at: now }
      turns.push(turn)
      if (turn.admission.allowed === "probe") leased.add(turn)
    } else if (step.act === "reset") monitor.reset(now, "reset", orgId)
    else if (step.act === "resetAll") monitor.reset(now, "reset")
    else if (ending !== undefined) end(ending, step)
    for (const turn of leased) {
      const lost = breakerOf(monitor, turn)?.state !== "half_open"
      if (lost || now >= turn.at + settings.timeoutThresholdMs) leased.delete(turn)
    }
    check(leased, now)
  }
  return now
}

describe("Health", () => {
  it.prop(
    "each breaker has at most one probe under way",
    [schedule],
    ([steps]) => {
      const monitor = new TestMonitor({ ...settings, minSamples: 3 }, start)
      run(monitor, steps, (leased) => {
        const breakers = [...leased].map((turn) => breakerOf(monitor, turn))
        assert.strictEqual(new Set(breakers).size, breakers.length)
      })
    },
    long(300),
  )

  it.prop(
    "the common evidence is the sum of that of the organisations that are in, and never negative",
    [schedule],
    ([steps]) => {
      const monitor = new TestMonitor({ ...settings, minSamples: 3 }, start)
      run(monitor, steps, (_, now) => {
        const sum = { total: 0, error: 0, timeout: 0, latencyMs: 0 }
        for (const tally of Evidence.tallies(monitor.breakers.orgs, now)) {
          assert.isAtLeast(Math.min(tally.total, tally.error, tally.timeout, tally.latencyMs), 0)
          sum.total += tally.total
          sum.error += tally.error
          sum.timeout += tally.timeout
          sum.latencyMs += tally.latencyMs
        }
        assert.deepStrictEqual(monitor.evidence(now), sum)
      })
    },
    long(300),
  )

  it.prop(
    "fault 12: after any schedule every organisation is back on the runtime once its probes end well",
    [schedule],
    ([steps]) => {
      const monitor = new TestMonitor({ ...settings, minSamples: 3 }, start)
      let now = run(monitor, steps, () => undefined)
      for (let number = 0; number <= 5; number++) {
        const orgId = org(number)
        // At most three probes of its own and three global ones, each after the longest wait.
        const found: Array<string> = []
        for (let turn = 0; turn < 9; turn++) {
          const { allowed, ticket } = admit(monitor, orgId, now)
          found.push(allowed)
          if (allowed === "yes") break
          if (allowed === "no") now += 300_000
          const next = allowed === "no" ? admit(monitor, orgId, now) : { allowed, ticket }
          monitor.record(
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
      const monitor = new TestMonitor(settings, start)
      let now = start
      const turn = (number: number, outcome: Outcome) => {
        const orgId = org(number)
        const { allowed, ticket } = admit(monitor, orgId, now)
        if (number > 0) assert.strictEqual(allowed, "yes")
        const attempt = { orgId, latencyMs: outcome === "success" ? 2000 : 300_000, ticket }
        if (allowed === "no") monitor.record({ ...attempt, mode: "direct_llm", outcome: "success" }, now)
        else monitor.record({ ...attempt, mode: "runtime_orchestrator", outcome }, now)
        assert.strictEqual(monitor.global.state, "closed")
      }
      for (const number of [1, 2, 3]) turn(number, "success")
      for (const step of steps) {
        now += step.gapMs
        turn(step.org, step.org === 0 ? step.outcome : "success")
      }
      for (let fault = 0; fault < 10; fault++) turn(0, "error")
      assert.notStrictEqual(monitor.breakerOf(org(0))?.state, "closed")
    },
    long(),
  )

  it.prop(
    "below the least number of samples no breaker moves, whatever the outcomes",
    [list(Schema.Struct({ org: between(0, 3), outcome: Outcome, latencyMs: between(0, 600_000) }), 9)],
    ([attempts]) => {
      const monitor = new TestMonitor(settings, start)
      for (const { org: number, ...attempt } of attempts) {
        monitor.record({ orgId: org(number), mode: "runtime_orchestrator", ...attempt }, start)
      }
      const { orgs, state, transitions } = monitor.status(start)
      assert.deepStrictEqual({ orgs, state, transitions }, { orgs: [], state: "closed", transitions: [] })
    },
  )

  /** `count` organisations that take turns, one a second, all with the outcome that `outcomeAt` says. */
  const roundRobin = (count: number, seconds: number, outcomeAt: (second: number) => Outcome) => {
    const monitor = new TestMonitor(settings, start)
    for (let second = 0; second < seconds; second++) {
      const now = start + second * 1000
      const orgId = org(second % count)
      const { allowed, ticket } = admit(monitor, orgId, now)
      const mode = allowed === "no" ? "direct_llm" : "runtime_orchestrator"
      const outcome = allowed === "no" ? "success" : outcomeAt(second)
      monitor.record({ orgId, mode, outcome, latencyMs: 2000, ticket }, now)
    }
    return monitor.status(start + seconds * 1000)
  }

  it("opens the global breaker when the runtime fails for all, for any number of organisations", () => {
    for (const count of [1, 2, 3, 4, 20, 100]) {
      const status = roundRobin(count, 600, (second) => (second < 300 ? "success" : "error"))
      assert.deepStrictEqual([count, status.state, status.orgs], [count, status.state, []])
      assert.notDeepEqual([count, status.state], [count, "closed"])
    }
  })

  it("opens no breaker when some turns of all fail within the contract", () => {
    for (const count of [1, 4, 20]) {
      const status = roundRobin(count, 900, (second) => (second % 3 === 0 ? "error" : "success"))
      assert.deepStrictEqual(status.transitions, [])
    }
  })
})
