import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import { a, admit, allowed, b, record, status, test, times, turn } from "./monitorTurns.ts"
import { org, settings, start } from "./schedules.ts"

describe("Monitor", () => {
  test(
    "neutral ends move no breaker, however many",
    Effect.gen(function* () {
      yield* times(4, turn(a, "error"))
      yield* times(50, turn(a, "neutral"))
      yield* times(5, turn(a, "error"))
      const monitor = yield* Monitor
      assert.containsSubset(yield* monitor.metrics, {
        fallbackEnabled: false,
        runtime: { total: 9, neutral: 50, cancelled: 0 },
      })
    }),
  )

  test(
    "a cancelled turn moves no breaker when good turns leave the window, but the next good one does",
    Effect.gen(function* () {
      yield* times(10, turn(a, "success"))
      yield* TestClock.adjust(100_000)
      yield* times(10, turn(a, "error"))
      yield* TestClock.adjust(settings.windowMs - 100_000)
      yield* turn(a, "neutral")
      assert.strictEqual((yield* status).state, "closed")
      yield* turn(a, "success")
      assert.strictEqual((yield* status).reason, "error rate 0.9091 > 0.5 over 11 attempts")
    }),
  )

  test(
    "counts the faults of direct mode, which move no breaker, not even with a probe's ticket",
    Effect.gen(function* () {
      const monitor = yield* Monitor
      const direct = (ticket?: Ticket) =>
        monitor.record({ orgId: a, mode: "direct_llm", outcome: "error", latencyMs: 10, ticket })
      yield* times(20, direct())
      assert.containsSubset(yield* monitor.metrics, {
        direct: { total: 20, error: 20 },
        runtime: { total: 0 },
      })
      assert.approximately((yield* monitor.metrics).direct.p99LatencyMs, 10, 1)
      assert.strictEqual(yield* allowed(a), "yes")
      yield* times(10, turn(a, "error"))
      // By then what direct mode did is old news: it is a place to flee to again.
      yield* TestClock.adjust(61_000)
      yield* direct((yield* admit(a)).ticket)
      assert.strictEqual((yield* status).state, "half_open")
    }),
  )

  test(
    "the metrics cover all organisations or one, with the reason for leaving, and expire with the window",
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
    "a reset closes the breaker of one organisation, or all",
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
      yield* monitor.reset("recovered", b)
      assert.deepStrictEqual([yield* allowed(a), yield* allowed(b)], ["no", "yes"])
      yield* monitor.reset("recovered")
      assert.strictEqual(yield* allowed(a), "yes")
      yield* TestClock.adjust(settings.windowMs)
      yield* times(10, turn(a, "error"))
      assert.strictEqual((yield* status).state, "open")
      yield* monitor.reset("recovered", a)
      assert.strictEqual(yield* allowed(a), "no")
      yield* monitor.reset("recovered")
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
