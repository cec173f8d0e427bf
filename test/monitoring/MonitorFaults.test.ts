import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { a, admit, allowed, b, record, status, test, times, turn } from "./monitorTurns.ts"
import { org, settings, start } from "./schedules.ts"

describe("Monitor, from leaving the runtime to recovery", () => {
  test(
    "fault 12: after the dwell leases one turn at a time, and three good ones close the breaker",
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
      yield* times(2, turn(b, "success"))
      assert.deepStrictEqual([yield* allowed(a), yield* allowed(b)], ["yes", "yes"])
    }),
  )

  test(
    "fault 12: another probe follows one that fails, is lost or is neutral",
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
      assert.strictEqual((yield* status).state, "half_open")
      yield* times(3, turn(a, "success"))
      // The late result of the lost probe belongs to another epoch.
      yield* record(a, "error", lost.ticket)
      yield* release(lost.ticket, a)
      assert.containsSubset(yield* status, { state: "closed", nextProbeAt: null })
    }),
  )

  test(
    "fault 14: an organisation that only fails leaves alone, and recovers by its own probes",
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
      yield* times(2, turn(a, "success"))
      assert.strictEqual(yield* allowed(a), "yes")
      assert.deepStrictEqual((yield* status).orgs, [])
    }),
  )

  test(
    "fault 14: right after a global recovery an organisation that only fails still leaves alone",
    Effect.gen(function* () {
      yield* times(10, turn(a, "error"))
      yield* turn(b, "success")
      yield* TestClock.adjust(30_000)
      yield* times(3, turn(b, "success"))
      yield* turn(b, "success")
      yield* times(10, turn(a, "error"))
      assert.containsSubset(yield* status, { state: "closed", orgs: [{ orgId: a, state: "open" }] })
    }),
  )

  test(
    "an organisation whose own probe has failed keeps its own breaker when all others leave, and probes for itself",
    Effect.gen(function* () {
      const others = [org(3), org(4), org(5)]
      yield* Effect.forEach(others, (orgId) => turn(orgId, "success"))
      yield* times(10, turn(a, "error"))
      yield* TestClock.adjust(30_000)
      yield* turn(a, "error")
      yield* times(
        4,
        Effect.forEach(others, (orgId) => turn(orgId, "error"), { discard: true }),
      )
      assert.containsSubset(yield* status, { state: "open", orgs: [{ orgId: a }] })
      yield* TestClock.adjust(60_000)
      assert.strictEqual((yield* admit(a)).ticket.probe, "org")
      assert.strictEqual((yield* admit(org(3))).ticket.probe, "global")
      assert.deepStrictEqual([yield* allowed(a), yield* allowed(org(4))], ["no", "no"])
    }),
  )

  test(
    "after closing, old faults and older attempts do not trip it again",
    Effect.gen(function* () {
      const old = yield* admit(a)
      yield* times(10, turn(a, "error"))
      yield* TestClock.adjust(30_000)
      yield* times(3, turn(a, "success"))
      yield* times(20, record(a, "error", old.ticket))
      yield* times(9, turn(a, "error"))
      const monitor = yield* Monitor
      assert.containsSubset(yield* monitor.metrics, {
        fallbackEnabled: false,
        runtime: { total: 42, error: 39 },
      })
      yield* turn(a, "error")
      assert.containsSubset(yield* status, { state: "open", nextProbeAt: start + 30_000 + 60_000 })
    }),
  )

  test(
    "attempts that ran while the breaker was open are no evidence after it closes",
    Effect.gen(function* () {
      for (const others of [[], [b]]) {
        yield* Effect.forEach(others, (orgId) => turn(orgId, "success"))
        yield* times(10, turn(a, "error"))
        yield* times(20, record(a, "error"))
        yield* TestClock.adjust(300_000)
        yield* Effect.forEach(others, (orgId) => turn(orgId, "success"))
        yield* times(3, turn(a, "success"))
        yield* times(9, turn(a, "error"))
        assert.strictEqual(yield* allowed(a), "yes")
      }
    }),
  )

  test(
    "leases the probe to one of many concurrent turns",
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
    "organisations that do not use the runtime are no evidence that it works for others",
    Effect.gen(function* () {
      const { record } = yield* Monitor
      const direct = { mode: "direct_llm", outcome: "success", latencyMs: 1 } as const
      for (let number = 10; number < 20; number++) yield* record({ ...direct, orgId: org(number) })
      yield* turn(b, "success")
      yield* TestClock.adjust(settings.windowMs)
      yield* record({ ...direct, orgId: b })
      yield* times(10, turn(a, "error"))
      assert.deepInclude(yield* status, { state: "open", orgs: [] })
    }),
  )

  const others = [2, 3, 4, 5, 6, 7].map(org)
  const allFail = Effect.forEach(others, (orgId) => times(4, turn(orgId, "error")), { discard: true })

  test(
    "an organisation that leaves alone just before all others recovers with them",
    Effect.gen(function* () {
      yield* Effect.forEach(others, (orgId) => turn(orgId, "success"), { discard: true })
      yield* times(10, turn(a, "error"))
      assert.containsSubset(yield* status, { state: "closed", orgs: [{ orgId: a, state: "open" }] })
      yield* TestClock.adjust("5 seconds")
      yield* allFail
      assert.deepInclude(yield* status, { state: "open", orgs: [] })
      yield* TestClock.adjust("30 seconds")
      yield* times(3, turn(b, "success"))
      assert.strictEqual(yield* allowed(a), "yes")
    }),
  )
})
