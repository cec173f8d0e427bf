import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Outcome } from "../../../src/domain/Outcome.ts"
import * as SlidingWindow from "../../../src/monitoring/evidence/SlidingWindow.ts"
import { between, list, long, mostly, start } from "../schedules.ts"

interface Record {
  readonly at: number
  readonly outcome: Outcome
  readonly latencyMs: number
  readonly cancelled?: boolean
}

const windowMs = 60_000
const bucketMs = windowMs / SlidingWindow.bucketCount

const step = Schema.Struct({
  gapMs: mostly(between(0, 2500), between(0, 90_000)),
  outcome: Outcome,
  latencyMs: between(0, 700_000),
  byUser: Schema.Boolean,
})
const schedule = list(step, 120)

/** The records of a schedule, with their times. */
const timed = (steps: ReadonlyArray<typeof step.Type>): ReadonlyArray<Record> => {
  let at = start
  return steps.map(({ byUser, gapMs, latencyMs, outcome }) => ({
    at: (at += gapMs),
    outcome,
    latencyMs,
    cancelled: byUser && outcome === "neutral",
  }))
}

const recordAll = (records: ReadonlyArray<Record>, quantiles = true) =>
  records.reduce(
    (window, { at, cancelled, latencyMs, outcome }) =>
      SlidingWindow.record(window, at, outcome, latencyMs, at, cancelled),
    SlidingWindow.make(windowMs, { quantiles }),
  )

const count = (records: ReadonlyArray<Record>, prefix: string) =>
  records.filter((record) => record.outcome.startsWith(prefix)).length

const naive = (records: ReadonlyArray<Record>) => {
  const counted = records.filter((record) => record.outcome !== "neutral")
  const share = (part: number) => (counted.length === 0 ? 0 : part / counted.length)
  return {
    total: counted.length,
    success: count(records, "success"),
    error: count(records, "error"),
    timeout: count(records, "timeout"),
    timeouts: {
      firstContent: count(records, "timeout_first_content"),
      stall: count(records, "timeout_stall"),
      total: count(records, "timeout_total"),
    },
    neutral: count(records, "neutral"),
    cancelled: records.filter(({ cancelled }) => cancelled === true).length,
    avgLatencyMs: share(counted.reduce((sum, record) => sum + record.latencyMs, 0)),
    errorRate: share(count(records, "error")),
    timeoutRate: share(count(records, "timeout")),
  }
}

const nearestRank = (latencies: ReadonlyArray<number>, q: number) =>
  latencies.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * latencies.length) - 1)] ?? 0

describe("SlidingWindow", () => {
  it.prop(
    "its figures are those of a plain list of the records in its 60 buckets",
    [schedule],
    ([steps]) => {
      let window = SlidingWindow.make(windowMs, { quantiles: true })
      const records = timed(steps)
      records.forEach(({ at, cancelled, latencyMs, outcome }, index) => {
        window = SlidingWindow.record(window, at, outcome, latencyMs, at, cancelled)
        const kept = records
          .slice(0, index + 1)
          .filter((record) => Math.floor(record.at / bucketMs) > Math.floor(at / bucketMs) - 60)
        assert.containsSubset(SlidingWindow.summary(window, at), naive(kept))
      })
    },
    long(),
  )

  it.prop(
    "it holds all of the last 59/60 of its time and nothing older than its time",
    [schedule, between(0, 90_000)],
    ([steps, later]) => {
      const records = timed(steps)
      const now = (records.at(-1)?.at ?? start) + later
      const { neutral, total } = SlidingWindow.summary(recordAll(records), now)
      const since = (at: number) => records.filter((record) => record.at > at).length
      assert.isAtLeast(total + neutral, since(now - windowMs + bucketMs))
      assert.isAtMost(total + neutral, since(now - windowMs))
    },
    long(),
  )

  it.prop(
    "a quantile is at most 5 % off the nearest rank, from 1 ms to 10 minutes",
    [list(Schema.Union([between(1, 40), between(1, 600_000)]), 200)],
    ([latencies]) => {
      const window = recordAll(
        latencies.map((latencyMs) => ({ at: start, outcome: "success" as const, latencyMs })),
      )
      const { p50LatencyMs, p95LatencyMs, p99LatencyMs } = SlidingWindow.summary(window, start)
      for (const [found, q] of [
        [p50LatencyMs, 0.5],
        [p95LatencyMs, 0.95],
        [p99LatencyMs, 0.99],
      ] as const) {
        const exact = nearestRank(latencies, q)
        assert.isAtMost(Math.abs(found - exact), 0.05 * exact)
      }
    },
    long(500),
  )

  it("a single latency is exact to 5 %, from the first millisecond on", () => {
    for (let latencyMs = 1; latencyMs <= 600_000; latencyMs += Math.ceil(latencyMs / 100)) {
      const { p99LatencyMs } = SlidingWindow.summary(
        recordAll([{ at: start, outcome: "success", latencyMs }]),
        start,
      )
      assert.isAtMost(Math.abs(p99LatencyMs - latencyMs), 0.05 * latencyMs)
    }
  })

  it.prop(
    "it is exactly empty when its time has passed",
    [schedule],
    ([steps]) => {
      const records = timed(steps)
      const window = recordAll(records)
      const summary = SlidingWindow.summary(window, (records.at(-1)?.at ?? start) + windowMs)
      assert.deepStrictEqual(
        summary,
        SlidingWindow.summary(SlidingWindow.make(windowMs, { quantiles: true }), start),
      )
    },
    long(),
  )

  it.prop(
    "without a part of its records it is the window of the others, now and later",
    [list(Schema.Struct({ ...step.fields, part: Schema.Boolean }), 120), between(0, 90_000)],
    ([steps, later]) => {
      const records = timed(steps)
      const now = records.at(-1)?.at ?? start
      const part = recordAll(
        records.filter((_, index) => steps[index]?.part),
        false,
      )
      const window = SlidingWindow.subtract(recordAll(records, false), part, now)
      const others = recordAll(
        records.filter((_, index) => !steps[index]?.part),
        false,
      )
      assert.deepStrictEqual(SlidingWindow.summary(window, now), SlidingWindow.summary(others, now))
      assert.deepStrictEqual(
        SlidingWindow.summary(window, now + later),
        SlidingWindow.summary(others, now + later),
      )
    },
    long(),
  )

  it.prop(
    "a record leaves the window before it as it was",
    [schedule, step],
    ([steps, later]) => {
      const records = timed(steps)
      const window = recordAll(records)
      const before = structuredClone(window)
      const now = records.at(-1)?.at ?? start
      SlidingWindow.record(window, now + later.gapMs, later.outcome, later.latencyMs)
      SlidingWindow.summary(window, now + later.gapMs)
      SlidingWindow.subtract(window, window, now + later.gapMs)
      assert.deepStrictEqual(window, before)
    },
    long(),
  )

  it("counts a neutral outcome outside the total, the rates and the latencies, and as cancelled only if the user did it", () => {
    const example = [
      ...Array.from({ length: 98 }, () => "success" as const),
      "error" as const,
      "error" as const,
      "neutral" as const,
      "neutral" as const,
    ].map((outcome, index) => ({
      at: start,
      outcome,
      latencyMs: outcome === "neutral" ? 250_000 : 1500,
      cancelled: index === 100,
    }))
    assert.containsSubset(SlidingWindow.summary(recordAll(example), start), {
      total: 100,
      success: 98,
      error: 2,
      timeout: 0,
      neutral: 2,
      cancelled: 1,
      avgLatencyMs: 1500,
      errorRate: 0.02,
      timeoutRate: 0,
    })
  })

  it("a nonsensical latency does not spoil the figures of the others", () => {
    let window = SlidingWindow.make(windowMs, { quantiles: true })
    for (const latencyMs of [Number.NaN, -5, Number.POSITIVE_INFINITY]) {
      window = SlidingWindow.record(window, start, "success", latencyMs)
    }
    window = SlidingWindow.record(window, start + windowMs, "success", 100)
    assert.containsSubset(SlidingWindow.summary(window, start + windowMs), { total: 1, avgLatencyMs: 100 })
  })
})
