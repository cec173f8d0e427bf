import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Attempt } from "../../src/domain/Run.ts"
import { Execution } from "../../src/execution/Execution.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import { finished, planStep, says, table, text, thinking, toolCall, turn } from "../support/fixtures.ts"
import {
  advanceUntilDone,
  type Asked,
  direct,
  failureOf,
  layerOf,
  outcomesOf,
  playTurn,
  runtime,
  type Script,
  settings,
  settle,
  typesOf,
} from "./scripted.ts"

const alone = (...script: Script) => playTurn([runtime([], script)])

/** The one attempt's outcome, and how long it took. */
const ending = (...script: Script) =>
  Effect.map(alone(...script), (played) => {
    const [attempt] = played.attempts
    assert.lengthOf(played.attempts, 1)
    return {
      outcome: attempt?.outcome,
      code: attempt?.code,
      tookMs: (attempt?.endedAt ?? 0) - (attempt?.startedAt ?? 0),
      error: failureOf(played)?.error._tag,
    }
  })

describe("the contract of an executor", () => {
  it.effect("fault 8: an end without Finished is a truncation, however much was said", () =>
    Effect.gen(function* () {
      for (const script of [[], [says(thinking("hm"))], [says(text("all of it"))]]) {
        assert.deepInclude(yield* ending(...script), {
          outcome: "error",
          code: "UPSTREAM_TRUNCATED",
          error: "UpstreamTruncated",
        })
      }
    }))

  it.effect("fault 4: a finish with nothing in its hands is empty, and no success", () =>
    Effect.gen(function* () {
      for (const script of [[finished], [says(thinking("hm")), says(planStep("s1")), says(toolCall("c1")), finished]]) {
        assert.deepInclude(yield* ending(...script), {
          outcome: "error",
          code: "UPSTREAM_EMPTY",
          error: "UpstreamEmpty",
        })
      }
      assert.deepInclude(yield* ending(says(table), finished), { outcome: "success", code: null })
    }))

  it.effect("the first Finished ends the attempt, and nothing after it is told", () =>
    Effect.gen(function* () {
      const played = yield* alone(says(text("a")), finished, says(text("b")), finished, new E.UpstreamEmpty({ upstream: "x" }))
      assert.deepStrictEqual(typesOf(played), ["text"])
      assert.lengthOf(played.finished, 1)
      assert.deepStrictEqual(outcomesOf(played), [["runtime", "success", null]])
    }))

  it.effect("a bug in an executor ends the turn, and says nothing about the upstream", () =>
    Effect.gen(function* () {
      const played = yield* playTurn([runtime([], [says(thinking("hm")), "bug"]), direct([], "a", [says(text("b")), finished])])
      assert.strictEqual(played.exit._tag, "Failure")
      assert.isUndefined(failureOf(played))
      assert.deepStrictEqual(outcomesOf(played), [["runtime", "neutral", "INTERNAL_ERROR"]])
    }))

  it.effect("an attempt is kept with its times and with what it used", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(5000)
      const { attempts } = yield* alone(100, says(thinking("hm")), 200, says(text("a")), 300, says(text("b")), finished)
      assert.deepStrictEqual<ReadonlyArray<Attempt>>(attempts, [
        {
          number: 1,
          mode: "runtime_orchestrator",
          target: "runtime",
          shadow: false,
          startedAt: 5000,
          firstProgressAt: 5100,
          firstContentAt: 5300,
          endedAt: 5600,
          outcome: "success",
          code: null,
          usage: { tokens: 7 },
        },
      ])
    }))
})

describe("the three clocks", () => {
  it.effect("fault 7: silence from the start ends at the first content's clock: pings never come out of an executor", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ending("silence"), {
        outcome: "timeout_first_content",
        code: "TIMEOUT_FIRST_CONTENT",
        tookMs: 1000,
        error: "FirstContentTimeout",
      })
    }))

  it.effect("thinking and plans are progress, but no content", () =>
    Effect.gen(function* () {
      const steps = Array.from({ length: 20 }, () => [100, says(thinking("hm")), says(planStep("s1"))]).flat()
      assert.deepInclude(yield* ending(...steps), { outcome: "timeout_first_content", tookMs: 1000 })
    }))

  it.effect("fault 7: silence after text ends at the stall clock", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ending(500, says(text("a")), 700, says(text("b")), "silence"), {
        outcome: "timeout_stall",
        code: "TIMEOUT_STALL",
        tookMs: 500 + 700 + 2000,
        error: "StallTimeout",
      })
    }))

  it.effect("the stall clock begins with the first event, and is not late where it is shorter than the first one", () =>
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
    }))

  it.effect("a call that has started stops the first clock: tools may take their time, up to the stall", () =>
    Effect.gen(function* () {
      const stalled = yield* ending(100, says(toolCall("c1")), "silence")
      assert.deepInclude(stalled, { outcome: "timeout_stall", tookMs: 2100, error: "StallTimeout" })
      assert.deepInclude(yield* ending(says(toolCall("c1")), 1900, says(text("a")), finished), { outcome: "success" })
    }))

  it.effect("steady progress without an end stops at the total", () =>
    Effect.gen(function* () {
      const steps = Array.from({ length: 30 }, () => [500, says(text("a"))]).flat()
      assert.deepStrictEqual(yield* ending(...steps), {
        outcome: "timeout_total",
        code: "TIMEOUT_TOTAL",
        tookMs: 10_000,
        error: "TotalTimeout",
      })
    }))

  it.effect("an attempt that keeps within all three succeeds, and its clocks go with it", () =>
    Effect.gen(function* () {
      const played = yield* alone(900, says(text("a")), 1900, says(text("b")), 1900, finished)
      assert.deepStrictEqual(outcomesOf(played), [["runtime", "success", null]])
      yield* TestClock.adjust(20_000)
      assert.lengthOf(played.attempts, 1)
    }))

  it.effect("every attempt has clocks of its own", () =>
    Effect.gen(function* () {
      const executors = [runtime([], ["silence"]), direct([], "a", [900, says(text("a")), 1900, finished])]
      const played = yield* playTurn(executors)
      assert.deepStrictEqual(outcomesOf(played), [
        ["runtime", "timeout_first_content", "TIMEOUT_FIRST_CONTENT"],
        ["a", "success", null],
      ])
      assert.deepStrictEqual(typesOf(played), ["fallback", "text"])
    }))

  it.effect("fault 16: a slow reader is no stall of the upstream's", () =>
    Effect.gen(function* () {
      const script = [says(text("a")), 100, says(text("b")), 100, says(text("c")), 100, finished]
      const slow = yield* playTurn([runtime([], script)], { consume: () => Effect.sleep(2500) })
      assert.deepStrictEqual(outcomesOf(slow), [["runtime", "success", null]])
      assert.lengthOf(slow.messages, 3)
    }))

  it.effect("with a slow reader an upstream that stalls is found out all the same", () =>
    Effect.gen(function* () {
      const script = [says(text("a")), 100, says(text("b")), "silence"] as const
      const slow = yield* playTurn([runtime([], script)], { consume: () => Effect.sleep(2500) })
      assert.deepStrictEqual(outcomesOf(slow), [["runtime", "timeout_stall", "TIMEOUT_STALL"]])
      // The reader takes the second text at 2500, the stall strikes at 4500, and the reader asks again at 5000.
      assert.strictEqual(slow.attempts[0]?.endedAt, 5000)
    }))

  it.effect("the total goes on while the reader is slow", () =>
    Effect.gen(function* () {
      const script = Array.from({ length: 20 }, () => [says(text("a")), 10]).flat()
      const slow = yield* playTurn([runtime([], script)], { consume: () => Effect.sleep(1500) })
      assert.deepStrictEqual(outcomesOf(slow), [["runtime", "timeout_total", "TIMEOUT_TOTAL"]])
    }))
})

describe("an attempt that is interrupted", () => {
  const interruptAfter = (ms: number, script: Script) =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const attempts: Array<Attempt> = []
      yield* Effect.gen(function* () {
        const execution = yield* Execution
        const order = ["runtime_orchestrator", "direct_llm"] as const
        const fiber = yield* Effect.forkChild(
          Stream.runDrain(execution.run(turn(), order, (attempt) => Effect.sync(() => attempts.push(attempt)))),
        )
        yield* settle
        yield* TestClock.adjust(ms)
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.provide(layerOf([runtime(asked, script), direct(asked, "a", [says(text("a")), finished])])))
      return { asked, attempts }
    })

  it.effect("is neutral, once, whatever it had shown, and its executor is told to stop", () =>
    Effect.gen(function* () {
      for (const script of [["silence"], [says(text("a")), "silence"], [says(toolCall("c1")), "silence"]] as const) {
        const { asked, attempts } = yield* interruptAfter(500, script)
        assert.deepStrictEqual(asked.map(({ ended, target }) => [target, ended]), [["runtime", "interrupted"]])
        assert.deepStrictEqual(attempts.map(({ code, outcome }) => [outcome, code]), [["neutral", "EXECUTION_CANCELLED"]])
        assert.strictEqual((attempts[0]?.endedAt ?? 0) - (attempts[0]?.startedAt ?? 0), 500)
      }
    }))

  it.effect("between two attempts adds none", () =>
    Effect.gen(function* () {
      const busy = new E.UpstreamUnavailable({ upstream: "runtime", status: 503, retryAfterMs: 1000 })
      const { asked, attempts } = yield* interruptAfter(500, [busy])
      assert.lengthOf(asked, 1)
      assert.deepStrictEqual(attempts.map(({ outcome }) => outcome), ["error"])
    }))

  it.effect("by a clock stops its executor too", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      yield* playTurn([runtime(asked, [says(text("a")), "silence"])])
      assert.deepStrictEqual(asked.map(({ ended }) => ended), ["interrupted"])
    }))
})

describe("a shadow", () => {
  const shadow = (script: Script, mode: "runtime_orchestrator" | "direct_llm" = "runtime_orchestrator") =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const attempts: Array<Attempt> = []
      yield* Effect.gen(function* () {
        const execution = yield* Execution
        const run = execution.shadow(turn(), mode, (attempt) => Effect.sync(() => attempts.push(attempt)))
        const fiber = yield* Effect.forkChild(run)
        yield* advanceUntilDone(fiber)
        yield* Fiber.join(fiber)
      }).pipe(Effect.provide(layerOf([runtime(asked, script)], settings)))
      return { asked, attempts }
    })

  it.effect("fault 13: is one attempt that says so, to the executor and in its record", () =>
    Effect.gen(function* () {
      const { asked, attempts } = yield* shadow([says(text("a")), finished])
      assert.deepStrictEqual(asked.map(({ turn }) => turn.shadow), [true])
      assert.deepInclude(attempts[0], { number: 1, shadow: true, outcome: "success" })
      assert.lengthOf(attempts, 1)
    }))

  it.effect("never fails, is not tried again, and keeps to the clocks", () =>
    Effect.gen(function* () {
      const down = yield* shadow([new E.UpstreamUnreachable({ upstream: "runtime" })])
      assert.lengthOf(down.asked, 1)
      assert.deepStrictEqual(down.attempts.map(({ outcome, shadow }) => [shadow, outcome]), [[true, "error"]])
      const hung = yield* shadow(["silence"])
      assert.deepStrictEqual(hung.attempts.map(({ outcome }) => outcome), ["timeout_first_content"])
    }))

  it.effect("of a mode without a target is nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* shadow([], "direct_llm"), { asked: [], attempts: [] })
    }))
})
