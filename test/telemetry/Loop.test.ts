import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/testing/TestClock"
import * as Loop from "../../src/telemetry/Loop.ts"

const period = Schedule.spaced("1 minute")

/** Runs the loop once at the start and then once a minute; gives the number of runs, the failures counted and the log. */
const observed = Effect.fnUntraced(function* (
  run: (number: number) => Effect.Effect<unknown, unknown>,
  minutes: number,
) {
  let runs = 0
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${String(Array.isArray(message) ? message[0] : message)}`)
  })
  const numbered = Effect.suspend(() => run((runs += 1)))
  yield* Effect.gen(function* () {
    yield* Loop.every("retention", period, numbered)
    yield* Effect.yieldNow
    for (let minute = 0; minute < minutes; minute++) yield* TestClock.adjust("61 seconds")
  }).pipe(Effect.scoped, Effect.provide(Logger.layer([logger])))
  const after = runs
  yield* TestClock.adjust("10 minutes")
  const series = yield* Metric.snapshot
  const failures = series.find(
    ({ attributes, id }) =>
      id === "crossfade_background_loop_failures_total" && attributes?.["loop"] === "retention",
  )
  return { runs: after, runsAfterTheScope: runs - after, lines, failures: failures?.state }
})

const isolated = Effect.provideServiceEffect(
  Metric.MetricRegistry,
  Effect.sync(() => new Map()),
)

describe("a background loop", () => {
  it.effect("runs at once, then on its schedule, and ends with its scope", () =>
    Effect.gen(function* () {
      const seen = yield* observed(() => Effect.void, 3)
      assert.deepEqual(seen, { runs: 4, runsAfterTheScope: 0, lines: [], failures: undefined })
    }).pipe(isolated),
  )

  for (const [kind, failing, level] of [
    ["a failure", Effect.fail("away"), "Warn"],
    ["a defect", Effect.die(new Error("a bug")), "Error"],
    ["an interruption from inside", Effect.interrupt, "Error"],
  ] as const)
    it.effect(`continues after ${kind}, counts each one and logs the first one`, () =>
      Effect.gen(function* () {
        const seen = yield* observed((number) => (number <= 2 ? failing : Effect.void), 3)
        assert.strictEqual(seen.runs, 4)
        assert.deepEqual(seen.failures, { count: 2, incremental: true })
        assert.deepEqual(seen.lines, [
          `${level} background loop retention failed`,
          "Info background loop retention recovered",
        ])
      }).pipe(isolated),
    )

  it.effect("logs a failure again when its reason changes", () =>
    Effect.gen(function* () {
      const { lines } = yield* observed((number) => Effect.fail(number <= 2 ? "away" : "locked"), 3)
      assert.strictEqual(lines.length, 2)
    }).pipe(isolated),
  )

  it.effect("waits for a second after a failure when its schedule has no pause", () =>
    Effect.gen(function* () {
      let runs = 0
      const run = Effect.suspend(() => {
        runs += 1
        return Effect.fail("away")
      })
      yield* Loop.every("retention", Schedule.forever, run)
      yield* TestClock.adjust("3500 millis")
      assert.strictEqual(runs, 4)
    }).pipe(Effect.scoped, isolated),
  )

  it.effect("interrupts the run under way when its scope ends", () =>
    Effect.gen(function* () {
      const started = yield* Latch.make(false)
      let interrupted = false
      const run = Effect.onInterrupt(Effect.andThen(started.open, Effect.never), () =>
        Effect.sync(() => {
          interrupted = true
        }),
      )
      yield* Effect.scoped(Effect.andThen(Loop.every("retention", period, run), started.await))
      assert.isTrue(interrupted)
    }).pipe(isolated),
  )
})
