import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import * as JudgePrompt from "../../src/shadow/JudgePrompt.ts"
import { Shadow } from "../../src/shadow/Shadow.ts"
import { type Asked, direct, runtime, type Script, settle } from "../execution/scripted.ts"
import { finished, runIdOf, says, text } from "../support/fixtures.ts"
import { answers, endings, layer, primary, world } from "./shadowing.ts"

const said = (word: string): Script => [says(text(word)), finished]

/** The shadow is the first answer when the draw is above a half. */
const drawing = (draw: number) =>
  Effect.provideService(Random.Random, { nextDoubleUnsafe: () => draw, nextIntUnsafe: () => 0 })

const pair = (n: number, answer: string, mode: ExecutionMode = "runtime_orchestrator") =>
  Effect.gen(function* () {
    const user = primary(n)
    answers(user, text(answer))
    yield* Shadow.use((shadow) => shadow.start(user, mode))
    yield* settle
  })

/** A judge that prefers the answer that contains `better`, in either position. */
const verdictFor = (asked: Array<Asked>, its: ReturnType<typeof world>, verdict: string) =>
  layer(
    its,
    [
      runtime([], said("Shadow's words")),
      direct([], "a", said("Other words")),
      direct(asked, "judge", said(verdict)),
    ],
    "judge",
  )

describe("the judge", () => {
  it.effect(
    "is asked about two texts that differ, in an order that is drawn, and its verdict is put on the pair",
    () =>
      Effect.gen(function* () {
        for (const [draw, verdict] of [
          [0.9, "shadow"],
          [0.1, "primary"],
        ] as const) {
          const its = world()
          const asked: Array<Asked> = []
          yield* pair(1, "The user's answer").pipe(
            drawing(draw),
            Effect.provide(verdictFor(asked, its, "It is shorter.\nVERDICT: FIRST")),
          )
          const [question] = asked
          assert.lengthOf(asked, 1)
          assert.strictEqual(question?.turn.agent.settings.systemPrompt, JudgePrompt.instructions)
          const message = question?.turn.message ?? ""
          assert.deepStrictEqual(question?.turn.history, [{ role: "user", content: message }])
          const places = ["Shadow's words", "The user's answer"].map((words) => message.indexOf(words))
          assert.notInclude(places, -1)
          assert.strictEqual(places[0]! < places[1]!, verdict === "shadow")
          assert.deepStrictEqual(its.judgements, [[runIdOf(1), { verdict, tokens: 7 }]])
        }
      }),
  )

  it.effect("is not asked if the texts agree, a mode ran twice, or no judge is configured", () => {
    const its = world()
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      yield* pair(1, "Shadow's words")
      yield* pair(2, "The user's answer", "direct_llm")
      assert.lengthOf(its.pairs, 2)
      assert.isEmpty(asked)
      const unnamed = world()
      yield* pair(1, "The user's answer").pipe(
        Effect.provide(
          layer(unnamed, [runtime([], said("Shadow's words")), direct(asked, "judge", said("x"))]),
        ),
      )
      assert.lengthOf(unnamed.pairs, 1)
      assert.isEmpty(asked)
    }).pipe(Effect.provide(verdictFor(asked, its, "VERDICT: EQUAL")))
  })

  it.effect("is asked at most ten times per minute, and its tokens are counted apart", () => {
    const its = world()
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      for (let n = 0; n < 120; n++) {
        yield* pair(n, "The user's answer")
        yield* TestClock.adjust(500)
      }
      assert.lengthOf(its.pairs, 120)
      assert.lengthOf(asked, 10)
      yield* endings(its)
      const judged = its.ledger.filter(({ ending }) => ending === "judged")
      assert.strictEqual(
        judged.reduce((sum, { runs }) => sum + runs, 0),
        10,
      )
      assert.strictEqual(
        judged.reduce((sum, { tokens }) => sum + tokens, 0),
        70,
      )
    }).pipe(Effect.provide(verdictFor(asked, its, "VERDICT: EQUAL")))
  })

  it.effect("is asked one question at a time", () => {
    const its = world()
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      yield* pair(1, "The user's answer")
      yield* TestClock.adjust(10_000)
      yield* pair(2, "The user's answer")
      assert.lengthOf(asked, 1)
    }).pipe(
      Effect.provide(
        layer(
          its,
          [runtime([], said("Shadow's words")), direct(asked, "judge", [says(text("…")), 14_000, finished])],
          "judge",
        ),
      ),
    )
  })
})

describe("a verdict", () => {
  it.each([
    ["VERDICT: FIRST", "primary", "shadow"],
    ["Better.\n**VERDICT: SECOND**", "shadow", "primary"],
    ["verdict: equal", "equal", "equal"],
    ['One says "VERDICT: FIRST".\nVERDICT: FIRST\nVERDICT: SECOND', "shadow", "primary"],
    ["The first one is better.", "unclear", "unclear"],
    ["", "unclear", "unclear"],
  ] as const)("%j is for the %s, or with the places swapped for the %s", (answer, verdict, swapped) => {
    assert.strictEqual(JudgePrompt.verdictOf(answer, false), verdict)
    assert.strictEqual(JudgePrompt.verdictOf(answer, true), swapped)
  })
})
