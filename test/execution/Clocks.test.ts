import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { finished, noon, planStep, says, text, thinking, toolCall } from "../support/fixtures.ts"
import {
  direct,
  ending,
  outcomesOf,
  playAlone,
  playTurn,
  runtime,
  type Script,
  settings,
  typesOf,
} from "./scripted.ts"

describe("the three clocks", () => {
  it.effect(
    "fault 7: silence from the start ends at the first content's clock: pings never come out of an executor",
    () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* ending("silence"), {
          outcome: "timeout_first_content",
          code: "TIMEOUT_FIRST_CONTENT",
          tookMs: 1000,
          error: "FirstContentTimeout",
        })
      }),
  )

  it.effect("thinking and plans are progress, but no content", () =>
    Effect.gen(function* () {
      const steps = Array.from({ length: 20 }, () => [100, says(thinking("hm")), says(planStep("s1"))]).flat()
      assert.deepInclude(yield* ending(...steps), { outcome: "timeout_first_content", tookMs: 1000 })
    }),
  )

  it.effect("fault 7: silence after text ends at the stall clock", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ending(500, says(text("a")), 700, says(text("b")), "silence"), {
        outcome: "timeout_stall",
        code: "TIMEOUT_STALL",
        tookMs: 500 + 700 + 2000,
        error: "StallTimeout",
      })
    }),
  )

  it.effect(
    "the stall clock begins with the first event, and is not late where it is shorter than the first one",
    () =>
      Effect.gen(function* () {
        const impatient = { ...settings, limits: { firstContentMs: 5000, stallMs: 300, totalMs: 10_000 } }
        const took = (script: Script) =>
          Effect.map(playTurn([runtime([], script)], { settings: impatient }), ({ attempts: [attempt] }) => [
            attempt?.outcome,
            (attempt?.endedAt ?? 0) - (attempt?.startedAt ?? 0),
          ])
        assert.deepStrictEqual(yield* took([2000, says(text("a")), finished]), ["success", 2000])
        assert.deepStrictEqual(yield* took(["silence"]), ["timeout_first_content", 5000])
        assert.deepStrictEqual(yield* took([1000, says(thinking("hm")), "silence"]), ["timeout_stall", 1300])
        assert.deepStrictEqual(yield* took([1000, says(text("a")), "silence"]), ["timeout_stall", 1300])
      }),
  )

  it.effect("a call that has started stops the first clock: tools may take their time, up to the stall", () =>
    Effect.gen(function* () {
      const stalled = yield* ending(100, says(toolCall("c1")), "silence")
      assert.deepInclude(stalled, { outcome: "timeout_stall", tookMs: 2100, error: "StallTimeout" })
      assert.deepInclude(yield* ending(says(toolCall("c1")), 1900, says(text("a")), finished), {
        outcome: "success",
      })
    }),
  )

  it.effect("steady progress without an end stops at the total", () =>
    Effect.gen(function* () {
      const steps = Array.from({ length: 30 }, () => [500, says(text("a"))]).flat()
      assert.deepStrictEqual(yield* ending(...steps), {
        outcome: "timeout_total",
        code: "TIMEOUT_TOTAL",
        tookMs: 10_000,
        error: "TotalTimeout",
      })
    }),
  )

  it.effect("an attempt that keeps within all three succeeds, and its clocks go with it", () =>
    Effect.gen(function* () {
      const played = yield* playAlone(900, says(text("a")), 1900, says(text("b")), 1900, finished)
      assert.deepStrictEqual(outcomesOf(played), [["runtime", "success", null]])
      yield* TestClock.adjust(20_000)
      assert.lengthOf(played.attempts, 1)
    }),
  )

  it.effect("every attempt has clocks of its own", () =>
    Effect.gen(function* () {
      const executors = [runtime([], ["silence"]), direct([], "a", [900, says(text("a")), 1900, finished])]
      const played = yield* playTurn(executors)
      assert.deepStrictEqual(outcomesOf(played), [
        ["runtime", "timeout_first_content", "TIMEOUT_FIRST_CONTENT"],
        ["a", "success", null],
      ])
      assert.deepStrictEqual(typesOf(played), ["fallback", "text"])
    }),
  )

  it.effect("fault 16: a slow reader is no stall of the upstream's", () =>
    Effect.gen(function* () {
      const script = [says(text("a")), 100, says(text("b")), 100, says(text("c")), 100, finished]
      const slow = yield* playTurn([runtime([], script)], { consume: () => Effect.sleep(2500) })
      assert.deepStrictEqual(outcomesOf(slow), [["runtime", "success", null]])
      assert.lengthOf(slow.messages, 3)
    }),
  )

  it.effect("with a slow reader an upstream that stalls is found out all the same", () =>
    Effect.gen(function* () {
      const script = [says(text("a")), 100, says(text("b")), "silence"] as const
      const slow = yield* playTurn([runtime([], script)], { consume: () => Effect.sleep(2500) })
      assert.deepStrictEqual(outcomesOf(slow), [["runtime", "timeout_stall", "TIMEOUT_STALL"]])
      // The reader asks for more at 2500 and, having had the second text, at 5100: the upstream has 2000 from there.
      assert.strictEqual(slow.attempts[0]?.endedAt, 7100)
    }),
  )

  it.effect("the total goes on while the reader is slow", () =>
    Effect.gen(function* () {
      const script = Array.from({ length: 20 }, () => [says(text("a")), 10]).flat()
      const slow = yield* playTurn([runtime([], script)], { consume: () => Effect.sleep(1500) })
      assert.deepStrictEqual(outcomesOf(slow), [["runtime", "timeout_total", "TIMEOUT_TOTAL"]])
    }),
  )

  it.effect("E4: are of even time: a wall clock that is set back moves no deadline and no record", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const setBack = TestClock.setTime(noon - 3_600_000)
      const played = yield* playTurn([runtime([], [100, says(text("a")), says(text("b")), finished])], {
        consume: () => setBack,
      })
      assert.deepStrictEqual(outcomesOf(played), [["runtime", "success", null]])
      const [attempt] = played.attempts
      assert.deepInclude(attempt, {
        startedAt: noon,
        firstProgressAt: noon + 100,
        firstContentAt: noon + 100,
      })
      assert.isAtLeast(attempt?.endedAt ?? 0, noon + 100)
    }),
  )
})
