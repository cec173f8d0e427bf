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
  type Asked,
  direct,
  ending,
  failureOf,
  layerOf,
  outcomesOf,
  playAlone,
  playTurn,
  runtime,
  type Script,
  settle,
  typesOf,
} from "./scripted.ts"

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
    }),
  )

  it.effect("fault 4: a finish with nothing in its hands is empty, and no success", () =>
    Effect.gen(function* () {
      for (const script of [
        [finished],
        [says(thinking("hm")), says(planStep("s1")), says(toolCall("c1")), finished],
      ]) {
        assert.deepInclude(yield* ending(...script), {
          outcome: "error",
          code: "UPSTREAM_EMPTY",
          error: "UpstreamEmpty",
        })
      }
      assert.deepInclude(yield* ending(says(table), finished), { outcome: "success", code: null })
    }),
  )

  it.effect("the first Finished ends the attempt, and nothing after it is told", () =>
    Effect.gen(function* () {
      const played = yield* playAlone(
        says(text("a")),
        finished,
        says(text("b")),
        finished,
        new E.UpstreamEmpty({ upstream: "x" }),
      )
      assert.deepStrictEqual(typesOf(played), ["text"])
      assert.lengthOf(played.finished, 1)
      assert.deepStrictEqual(outcomesOf(played), [["runtime", "success", null]])
    }),
  )

  it.effect("X13: a bug in an executor ends the turn, and says nothing about the upstream", () =>
    Effect.gen(function* () {
      const played = yield* playTurn([
        runtime([], [says(thinking("hm")), "bug"]),
        direct([], "a", [says(text("b")), finished]),
      ])
      assert.strictEqual(played.exit._tag, "Failure")
      assert.isUndefined(failureOf(played))
      assert.deepStrictEqual(outcomesOf(played), [["runtime", "neutral", "INTERNAL_ERROR"]])
    }),
  )

  it.effect("records an attempt with its times and its usage", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(5000)
      const { attempts } = yield* playAlone(
        100,
        says(thinking("hm")),
        200,
        says(text("a")),
        300,
        says(text("b")),
        finished,
      )
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
          model: null,
          failure: null,
        },
      ])
    }),
  )
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
          Stream.runDrain(
            execution.run(turn(), {
              order,
              ticket: undefined,
              onAttempt: (attempt) => Effect.sync(() => attempts.push(attempt)),
            }),
          ),
        )
        yield* settle
        yield* TestClock.adjust(ms)
        yield* Fiber.interrupt(fiber)
      }).pipe(
        Effect.provide(layerOf([runtime(asked, script), direct(asked, "a", [says(text("a")), finished])])),
      )
      return { asked, attempts }
    })

  it.effect("is neutral, once, whatever it had shown, and its executor is told to stop", () =>
    Effect.gen(function* () {
      for (const script of [
        ["silence"],
        [says(text("a")), "silence"],
        [says(toolCall("c1")), "silence"],
      ] as const) {
        const { asked, attempts } = yield* interruptAfter(500, script)
        assert.deepStrictEqual(
          asked.map(({ ended, target }) => [target, ended]),
          [["runtime", "interrupted"]],
        )
        assert.deepStrictEqual(
          attempts.map(({ code, outcome }) => [outcome, code]),
          [["neutral", "EXECUTION_CANCELLED"]],
        )
        assert.strictEqual((attempts[0]?.endedAt ?? 0) - (attempts[0]?.startedAt ?? 0), 500)
      }
    }),
  )

  it.effect("between two attempts adds none", () =>
    Effect.gen(function* () {
      const busy = new E.UpstreamUnavailable({ upstream: "runtime", status: 503, retryAfterMs: 1000 })
      const { asked, attempts } = yield* interruptAfter(500, [busy])
      assert.lengthOf(asked, 1)
      assert.deepStrictEqual(
        attempts.map(({ outcome }) => outcome),
        ["error"],
      )
    }),
  )

  it.effect("by a clock stops its executor too", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      yield* playTurn([runtime(asked, [says(text("a")), "silence"])])
      assert.deepStrictEqual(
        asked.map(({ ended }) => ended),
        ["interrupted"],
      )
    }),
  )
})
