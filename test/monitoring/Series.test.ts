/** The series of both modes on a virtual clock. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { RecentTurns } from "../../src/monitoring/RecentTurns.ts"
import { intervalMs, mostPoints, Series } from "../../src/monitoring/Series.ts"
import { org } from "./schedules.ts"

const settings = {
  windowMs: 300_000,
  minSamples: 10,
  errorRate: 0.5,
  timeoutRate: 0.3,
  latencyRatio: 0.8,
  timeoutThresholdMs: 120_000,
  probes: false,
}
const layer = (windowMs = settings.windowMs) =>
  Series.layer.pipe(
    Layer.provideMerge([
      Layer.fresh(Monitor.layer({ ...settings, windowMs })),
      Layer.fresh(RecentTurns.layer),
    ]),
  )

const ended = (outcome: "success" | "error", latencyMs: number) =>
  Effect.flatMap(Monitor, (monitor) =>
    monitor.record({ orgId: org(1), mode: "runtime_orchestrator", outcome, latencyMs }),
  )
const points = Effect.flatMap(Series, (series) => series.points)

describe("the series of both modes", () => {
  it.effect("has a point each 5 seconds, and no figures without attempts", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      const all = yield* points
      assert.deepStrictEqual(
        all.map(({ at }) => at),
        Array.from({ length: 13 }, (_, index) => index * intervalMs),
      )
      assert.deepStrictEqual(all.at(-1)?.modes.direct_llm, {
        perSecond: 0,
        successRate: null,
        errorRate: null,
        timeoutRate: null,
        avgLatencyMs: null,
        p50LatencyMs: null,
        p95LatencyMs: null,
        p99LatencyMs: null,
        inFlight: 0,
        p50FirstContentMs: null,
        p95FirstContentMs: null,
      })
    }).pipe(Effect.provide(layer())),
  )

  it.effect("counts the attempts of the last 30 seconds only", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      for (let n = 0; n < 3; n++) yield* ended("success", 1000)
      yield* ended("error", 100)
      yield* TestClock.adjust("5 seconds")
      const during = (yield* points).at(-1)!.modes.runtime_orchestrator
      assert.strictEqual(during.successRate, 0.75)
      assert.strictEqual(during.errorRate, 0.25)
      assert.closeTo(during.perSecond, 4 / 30, 0.001)
      assert.closeTo(during.p95LatencyMs ?? 0, 1000, 50)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* points).at(-1)!.modes.runtime_orchestrator.successRate, null)
    }).pipe(Effect.provide(layer())),
  )

  for (const windowMs of [10_000, 60_000, 300_000, 3_600_000])
    it.effect(`shows the true rate with a window of ${windowMs} ms`, () =>
      Effect.gen(function* () {
        yield* TestClock.adjust("2501 millis")
        for (let n = 0; n < 300; n++) {
          yield* ended("success", 100)
          yield* TestClock.adjust("1 second")
        }
        const rates = (yield* points).slice(-20).map(({ modes }) => modes.runtime_orchestrator.perSecond)
        for (const rate of rates) assert.closeTo(rate, 1, 0.1)
      }).pipe(Effect.provide(layer(windowMs))),
    )

  it.effect("shows the attempts in flight and their time to first content, by mode", () =>
    Effect.gen(function* () {
      const turns = yield* RecentTurns
      yield* TestClock.adjust("30 seconds")
      turns.attemptStarted("direct_llm")
      turns.attemptStarted("direct_llm")
      turns.attemptStarted("runtime_orchestrator")
      turns.attemptEnded("direct_llm", 30_000, 400)
      turns.attemptEnded("runtime_orchestrator", 30_000, null)
      yield* TestClock.adjust("5 seconds")
      const { direct_llm, runtime_orchestrator } = (yield* points).at(-1)!.modes
      assert.deepStrictEqual([direct_llm.inFlight, runtime_orchestrator.inFlight], [1, 0])
      assert.closeTo(direct_llm.p50FirstContentMs ?? 0, 400, 20)
      assert.strictEqual(runtime_orchestrator.p50FirstContentMs, null)
    }).pipe(Effect.provide(layer())),
  )

  it.effect("follows the breaker and its overrides", () =>
    Effect.gen(function* () {
      const monitor = yield* Monitor
      yield* monitor.setOverride(
        { mode: "direct_llm", by: "olga", reason: "drill", expiresAt: 12_000 },
        "olga: drill",
      )
      yield* TestClock.adjust("15 seconds")
      assert.deepStrictEqual(
        (yield* points).slice(1).map(({ share, state }) => [state, share]),
        [
          ["forced_direct", 0],
          ["forced_direct", 0],
          ["closed", 1],
        ],
      )
    }).pipe(Effect.provide(layer())),
  )

  it.effect("ends with the newest 15 minutes, however long it runs", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("2 hours")
      const all = yield* points
      assert.strictEqual(all.length, mostPoints)
      assert.strictEqual(all.at(-1)?.at, 7_200_000)
      assert.strictEqual(all[0]?.at, 7_200_000 - (mostPoints - 1) * intervalMs)
    }).pipe(Effect.provide(layer())),
  )
})

describe("the decisions by reason", () => {
  it.effect("counts those of the last five minutes, the most frequent first", () =>
    Effect.gen(function* () {
      const turns = yield* RecentTurns
      const decide = (at: number, mode: "direct_llm" | "runtime_orchestrator", reason: string) =>
        turns.addDecision({ at, runId: "r" as never, orgId: org(1), mode, reason })
      yield* decide(0, "direct_llm", "breaker")
      yield* decide(200_000, "direct_llm", "breaker")
      yield* decide(201_000, "runtime_orchestrator", "rule:long ones")
      yield* decide(206_000, "runtime_orchestrator", "rule:long ones")
      assert.deepStrictEqual(turns.decisionCounts(310_000), [
        { mode: "runtime_orchestrator", reason: "rule:long ones", count: 2 },
        { mode: "direct_llm", reason: "breaker", count: 1 },
      ])
      assert.deepStrictEqual(turns.decisionCounts(600_000), [])
    }).pipe(Effect.provide(Layer.fresh(RecentTurns.layer))),
  )
})
