import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import type { Ticket } from "../../src/monitoring/Health.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { org, settings, start } from "./schedules.ts"

const test = (name: string, body: Effect.Effect<void, never, Monitor>) =>
  it.effect(name, () =>
    Effect.andThen(TestClock.setTime(start), Effect.provide(body, Monitor.layer(settings))),
  )

const record = (orgId: OrgId, outcome: Outcome, ticket?: Ticket, latencyMs = 1000) =>
  Effect.flatMap(Monitor, (monitor) =>
    monitor.record({ orgId, mode: "runtime_orchestrator", outcome, latencyMs, ticket }),
  )

const admit = (orgId: OrgId) => Effect.flatMap(Monitor, (monitor) => monitor.admit(orgId))
const allowed = (orgId: OrgId) => Effect.map(admit(orgId), (admission) => admission.allowed)
const status = Effect.flatMap(Monitor, (monitor) => monitor.status)

/** A turn that uses the runtime if it may. */
const turn = (orgId: OrgId, outcome: Outcome) =>
  Effect.flatMap(admit(orgId), ({ allowed, ticket }) =>
    allowed === "no" ? Effect.void : record(orgId, outcome, ticket),
  )

const times = (count: number, effect: Effect.Effect<void, never, Monitor>) =>
  Effect.forEach(Array.from({ length: count }), () => effect, { discard: true })

const a = org(1)
const b = org(2)

describe("Monitor", () => {
  test(
    "fault 12: after the dwell one turn probes the runtime although nothing has used it, and its success brings all back",
    Effect.gen(function* () {
      yield* times(9, turn(a, "error"))
      assert.strictEqual(yield* allowed(a), "yes")
      yield* turn(a, "error")
      assert.containsSubset(yield* admit(b), {
        allowed: "no",
        scope: "global",
        reason: "error rate 1 > 0.5 over 10 attempts",
      })
      yield* TestClock.adjust(29_999)
      assert.strictEqual(yield* allowed(a), "no")
      yield* TestClock.adjust(1)
      const probe = yield* admit(a)
      assert.containsSubset(probe, { allowed: "probe", scope: "global", ticket: { probe: "global" } })
      assert.strictEqual(yield* allowed(b), "no")
      yield* record(a, "success", probe.ticket)
      assert.deepStrictEqual([yield* allowed(a), yield* allowed(b)], ["yes", "yes"])
    }),
  )

  test(
    "fault 12: a probe that fails, is lost or says nothing is followed by another",
    Effect.gen(function* () {
      yield* times(10, turn(a, "timeout_stall"))
      yield* TestClock.adjust(30_000)
      yield* record(a, "error", (yield* admit(a)).ticket)
      yield* TestClock.adjust(59_999)
      assert.strictEqual(yield* allowed(a), "no")
      yield* TestClock.adjust(1)
      const lost = yield* admit(a)
      assert.strictEqual(lost.allowed, "probe")
      yield* TestClock.adjust(settings.timeoutThresholdMs)
      const neutral = yield* admit(a)
      assert.strictEqual(neutral.allowed, "probe")
      yield* record(a, "neutral", neutral.ticket)
      const unused = yield* admit(a)
      assert.strictEqual(unused.allowed, "probe")
      const { release } = yield* Monitor
      yield* release(unused.ticket, a)
      yield* turn(a, "success")
      // What the lost one says at last is of another epoch.
      yield* record(a, "error", lost.ticket)
      yield* release(lost.ticket, a)
      assert.containsSubset(yield* status, { state: "closed", nextProbeAt: null })
    }),
  )

  test(
    "fault 14: an organisation that only fails leaves alone, and comes back by its own probe",
    Effect.gen(function* () {
      yield* times(3, turn(b, "success"))
      yield* times(10, turn(a, "error"))
      assert.containsSubset(yield* admit(a), { allowed: "no", scope: "org" })
      assert.containsSubset(yield* admit(b), { allowed: "yes", scope: "none" })
      assert.containsSubset(yield* status, {
        state: "closed",
        reason: "",
        orgs: [
          {
            orgId: a,
            state: "open",
            reason: "error rate 1 > 0.5 over 10 attempts",
            since: start,
            nextProbeAt: start + 30_000,
          },
        ],
        transitions: [{ orgId: a, from: "closed", to: "open", at: start }],
      })
      yield* TestClock.adjust(30_000)
      const probe = yield* admit(a)
      assert.strictEqual(probe.ticket.probe, "org")
      yield* record(a, "success", probe.ticket)
      assert.strictEqual(yield* allowed(a), "yes")
      assert.deepStrictEqual((yield* status).orgs, [])
    }),
  )

  test(
    "fault 14: right after everybody came back, an organisation that only fails still leaves alone",
    Effect.gen(function* () {
      yield* times(10, turn(a, "error"))
      yield* turn(b, "success")
      yield* TestClock.adjust(30_000)
      yield* turn(b, "success")
      yield* times(10, turn(a, "error"))
      assert.containsSubset(yield* status, { state: "closed", orgs: [{ orgId: a, state: "open" }] })
    }),
  )

  test(
    "an organisation that has left alone probes for itself only, also while all have left",
    Effect.gen(function* () {
      const others = [org(3), org(4), org(5)]
      yield* Effect.forEach(others, (orgId) => turn(orgId, "success"))
      yield* times(10, turn(a, "error"))
      yield* times(
        4,
        Effect.forEach(others, (orgId) => turn(orgId, "error"), { discard: true }),
      )
      assert.containsSubset(yield* status, { state: "open", orgs: [{ orgId: a }] })
      yield* TestClock.adjust(30_000)
      assert.strictEqual((yield* admit(a)).ticket.probe, "org")
      assert.strictEqual((yield* admit(org(3))).ticket.probe, "global")
      assert.deepStrictEqual([yield* allowed(a), yield* allowed(org(4))], ["no", "no"])
    }),
  )

  test(
    "after closing, old faults do not open it again, nor do attempts that began before",
    Effect.gen(function* () {
      const old = yield* admit(a)
      yield* times(10, turn(a, "error"))
      yield* TestClock.adjust(30_000)
      yield* turn(a, "success")
      yield* times(20, record(a, "error", old.ticket))
      yield* times(9, turn(a, "error"))
      const monitor = yield* Monitor
      assert.containsSubset(yield* monitor.metrics, {
        fallbackEnabled: false,
        runtime: { total: 40, error: 39 },
      })
      yield* turn(a, "error")
      assert.containsSubset(yield* status, { state: "open", nextProbeAt: start + 30_000 + 60_000 })
    }),
  )

  test(
    "of many turns at once, one is the probe",
    Effect.gen(function* () {
      yield* times(10, turn(a, "error"))
      yield* TestClock.adjust(30_000)
      const found = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, number) => org(number)),
        (orgId) => Effect.andThen(Effect.yieldNow, allowed(orgId)),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(found.filter((answer) => answer === "probe").length, 1)
      assert.notInclude(found, "yes")
    }),
  )

  test(
    "cancelled turns move no breaker, however many",
    Effect.gen(function* () {
      yield* times(4, turn(a, "error"))
      yield* times(50, turn(a, "neutral"))
      yield* times(5, turn(a, "error"))
      const monitor = yield* Monitor
      assert.containsSubset(yield* monitor.metrics, {
        fallbackEnabled: false,
        runtime: { total: 9, cancelled: 50 },
      })
    }),
  )

  test(
    "the direct mode's faults are counted and move no breaker, not even with a probe's ticket",
    Effect.gen(function* () {
      const monitor = yield* Monitor
      const direct = (ticket?: Ticket) =>
        monitor.record({ orgId: a, mode: "direct_llm", outcome: "error", latencyMs: 10, ticket })
      yield* times(20, direct())
      assert.containsSubset(yield* monitor.metrics, {
        direct: { total: 20, error: 20 },
        runtime: { total: 0 },
      })
      assert.strictEqual(yield* allowed(a), "yes")
      yield* times(10, turn(a, "error"))
      yield* TestClock.adjust(30_000)
      yield* direct((yield* admit(a)).ticket)
      assert.strictEqual((yield* status).state, "half_open")
    }),
  )

  test(
    "the metrics are of all organisations or of one, say whether and why the runtime is left, and forget with the window",
    Effect.gen(function* () {
      const monitor = yield* Monitor
      yield* times(6, turn(b, "success"))
      yield* times(10, record(a, "timeout_stall", undefined, 30_000))
      const all = yield* monitor.metrics
      assert.containsSubset(all, {
        runtime: {
          total: 16,
          success: 6,
          error: 0,
          timeout: 10,
          timeouts: { firstContent: 0, stall: 10, total: 0 },
          errorRate: 0,
          timeoutRate: 10 / 16,
          avgLatencyMs: (6 * 1000 + 10 * 30_000) / 16,
        },
        fallbackEnabled: false,
        fallbackReason: "",
        windowMs: settings.windowMs,
      })
      assert.containsSubset(yield* monitor.metricsOf(a), {
        runtime: { total: 10, timeout: 10, timeoutRate: 1 },
        fallbackEnabled: true,
        fallbackReason: "timeout rate 1 > 0.3 over 10 attempts",
      })
      assert.containsSubset(yield* monitor.metricsOf(b), { runtime: { total: 6 }, fallbackEnabled: false })
      assert.containsSubset(yield* monitor.metricsOf(org(9)), {
        runtime: { total: 0, errorRate: 0, p99LatencyMs: 0 },
        fallbackEnabled: false,
      })
      yield* TestClock.adjust(settings.windowMs)
      assert.strictEqual((yield* monitor.metrics).runtime.total, 0)
      assert.strictEqual((yield* monitor.metricsOf(b)).runtime.total, 0)
    }),
  )

  test(
    "a reset brings back one organisation, or everybody",
    Effect.gen(function* () {
      const monitor = yield* Monitor
      yield* turn(b, "success")
      yield* turn(org(3), "success")
      yield* times(10, turn(a, "error"))
      yield* times(10, turn(b, "error"))
      assert.deepStrictEqual(
        (yield* status).orgs.map(({ orgId }) => orgId),
        [a, b],
      )
      yield* monitor.reset(b)
      assert.deepStrictEqual([yield* allowed(a), yield* allowed(b)], ["no", "yes"])
      yield* monitor.reset()
      assert.strictEqual(yield* allowed(a), "yes")
      yield* TestClock.adjust(settings.windowMs)
      yield* times(10, turn(a, "error"))
      assert.strictEqual((yield* status).state, "open")
      yield* monitor.reset(a)
      assert.strictEqual(yield* allowed(a), "no")
      yield* monitor.reset()
      assert.strictEqual(yield* allowed(a), "yes")
    }),
  )

  test(
    "a wall clock that is set back neither keeps the breaker open nor stops the window",
    Effect.gen(function* () {
      const monitor = yield* Monitor
      yield* times(10, turn(a, "error"))
      yield* TestClock.setTime(start - 3_600_000)
      yield* TestClock.adjust(30_000)
      assert.strictEqual(yield* allowed(a), "probe")
      yield* TestClock.adjust(settings.windowMs)
      assert.strictEqual((yield* monitor.metrics).runtime.total, 0)
    }),
  )

  test(
    "the status shows the last 20 transitions, newest first",
    Effect.gen(function* () {
      yield* times(10, turn(a, "error"))
      for (let probe = 0; probe < 12; probe++) {
        yield* TestClock.adjust(300_000)
        yield* turn(a, "error")
      }
      const { transitions } = yield* status
      assert.strictEqual(transitions.length, 20)
      assert.containsSubset(transitions[0], {
        orgId: null,
        from: "half_open",
        to: "open",
        reason: "the probe ended: error",
      })
      assert.deepStrictEqual(
        transitions.map(({ at }) => at),
        transitions.map(({ at }) => at).toSorted((x, y) => y - x),
      )
    }),
  )
})
