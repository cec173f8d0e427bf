import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { finished, noon, planStep, says, text, thinking, toolCall, toolResult } from "../support/fixtures.ts"
import {
  direct,
  ending,
  failureOf,
  outcomesOf,
  playAlone,
  playTurn,
  runtime,
  type Script,
  settings,
  typesOf,
} from "./scripted.ts"

describe("the clocks of an attempt", () => {
  /** A turn whose runtime another target can replace. */
  const replaceable = (...script: Script) =>
    playTurn([runtime([], script), direct([], "a", [says(text("direct")), finished])])

  it.effect(
    "fault 7: silence from the start ends at the first clock: pings never come out of an executor",
    () =>
      Effect.gen(function* () {
        const { attempts } = yield* replaceable("silence")
        assert.deepInclude(attempts[0], { outcome: "timeout_first_content", code: "TIMEOUT_FIRST_CONTENT" })
        assert.strictEqual((attempts[0]?.endedAt ?? 0) - (attempts[0]?.startedAt ?? 0), 1000)
      }),
  )

  it.effect("the first clock does not strike where no other target can answer", () =>
    Effect.gen(function* () {
      const late = [5000, says(text("late")), finished] as const
      assert.deepInclude(yield* ending(...late), { outcome: "success", tookMs: 5000 })
      assert.deepInclude(yield* ending("silence"), { outcome: "timeout_total", tookMs: 10_000 })
      const played = yield* playTurn([runtime([], ["silence"]), direct([], "a", late)])
      assert.deepStrictEqual(outcomesOf(played), [
        ["runtime", "timeout_first_content", "TIMEOUT_FIRST_CONTENT"],
        ["a", "success", null],
      ])
    }),
  )

  it.effect("thoughts, plans and calls that flow keep an attempt alive, however late its answer begins", () =>
    Effect.gen(function* () {
      for (const sign of [thinking("hm"), planStep("s1"), toolCall("c1")]) {
        const flow = Array.from({ length: 8 }, () => [900, says(sign)]).flat()
        const played = yield* replaceable(...flow, says(text("at last")), finished)
        assert.deepStrictEqual(outcomesOf(played), [["runtime", "success", null]])
      }
    }),
  )

  it.effect(
    "a thought is followed by silence for as long as the stall clock allows, and then by another target",
    () =>
      Effect.gen(function* () {
        const planned = yield* replaceable(100, says(thinking("hm")), 1900, says(text("planned")), finished)
        assert.deepStrictEqual(outcomesOf(planned), [["runtime", "success", null]])
        const hung = yield* replaceable(100, says(thinking("hm")), "silence")
        assert.deepStrictEqual(outcomesOf(hung), [
          ["runtime", "timeout_stall", "TIMEOUT_STALL"],
          ["a", "success", null],
        ])
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
          Effect.map(
            playTurn([runtime([], script), direct([], "a", [says(text("a")), finished])], {
              settings: impatient,
            }),
            ({ attempts: [attempt] }) => [
              attempt?.outcome,
              (attempt?.endedAt ?? 0) - (attempt?.startedAt ?? 0),
            ],
          )
        assert.deepStrictEqual(yield* took([2000, says(text("a")), finished]), ["success", 2000])
        assert.deepStrictEqual(yield* took(["silence"]), ["timeout_first_content", 5000])
        assert.deepStrictEqual(yield* took([1000, says(thinking("hm")), "silence"]), ["timeout_stall", 1300])
        assert.deepStrictEqual(yield* took([1000, says(text("a")), "silence"]), ["timeout_stall", 1300])
      }),
  )

  it.effect("a direct provider has a stall clock of its own, where there is one", () =>
    Effect.gen(function* () {
      const script: Script = [says(text("a")), 500, says(text("b")), finished]
      const given = { ...settings, directStallMs: 400 }
      const order = ["direct_llm"] as const
      const provider = yield* playTurn([direct([], "a", script)], { settings: given, order })
      assert.deepStrictEqual(outcomesOf(provider), [["a", "timeout_stall", "TIMEOUT_STALL"]])
      const agent = yield* playTurn([runtime([], script)], { settings: given })
      assert.deepStrictEqual(outcomesOf(agent), [["runtime", "success", null]])
    }),
  )

  it.effect("while a call is open its own clock runs, however long the stall clock is", () =>
    Effect.gen(function* () {
      const withCalls = (callMs: number) => ({ ...settings, limits: { ...settings.limits, callMs } })
      const played = (callMs: number, ...script: Script) =>
        Effect.map(
          playTurn([runtime([], script), direct([], "a", [says(text("a")), finished])], {
            settings: withCalls(callMs),
          }),
          (turn) => [...outcomesOf(turn), turn.attempts[0]!.endedAt - turn.attempts[0]!.startedAt],
        )
      const answer = [says(text("a")), finished] as const
      const called = says(toolCall("c1"))
      const answered = says(toolResult("c1"))
      const success = ["runtime", "success", null]
      const stalled = ["runtime", "timeout_stall", "TIMEOUT_STALL"]
      const timedOut = ["runtime", "timeout_stall", "TIMEOUT_CALL"]
      assert.deepStrictEqual(yield* played(5000, called, 4900, answered, ...answer), [success, 4900])
      assert.deepStrictEqual(yield* played(5000, called, "silence"), [timedOut, 5000])
      assert.deepStrictEqual(yield* played(300, called, "silence"), [timedOut, 300])
      // Other events within the call show that the runtime is alive.
      const busy = Array.from({ length: 3 }, () => [2500, says(thinking("hm"))]).flat()
      assert.deepStrictEqual(yield* played(3000, called, ...busy, answered, ...answer), [success, 7500])
      // Its result ends the call's clock; an answer does not.
      assert.deepStrictEqual(yield* played(9000, called, 100, answered, "silence"), [stalled, 2100])
      assert.deepStrictEqual(yield* played(4000, called, says(text("a")), "silence"), [timedOut, 4000])
    }),
  )

  it.effect("names the call that did not answer, which need not be the last one that began", () =>
    Effect.gen(function* () {
      const both = [says(toolCall("c1")), says(toolCall("c2")), says(toolResult("c2"))]
      const played = yield* playTurn([runtime([], [...both, "silence"])], {
        settings: { ...settings, limits: { ...settings.limits, callMs: 300 } },
      })
      assert.strictEqual(failureOf(played)?.gate.callId, "c1")
    }),
  )

  it.effect("names that call's own step, also where a parallel one began after it", () =>
    Effect.gen(function* () {
      const within = (callId: string, stepId: string): Draft => ({
        ...toolCall(callId),
        metadata: { callId, stepId },
      })
      const steps = [planStep("s1"), within("c1", "s1"), planStep("s2"), planStep("s2", "failed")].map(says)
      const played = yield* playTurn([runtime([], [...steps, "silence"])], {
        settings: { ...settings, limits: { ...settings.limits, callMs: 300 } },
      })
      assert.deepInclude(failureOf(played)?.gate, { callId: "c1", stepId: "s1" })
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
      // The reader asks for more at 2500 and again at 5100 after the second text. The upstream has 2000 from there.
      assert.strictEqual(slow.attempts[0]?.endedAt, 7100)
    }),
  )

  it.effect("the total clock runs while the reader is slow", () =>
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
