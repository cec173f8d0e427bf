import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { PromptMessage } from "../../src/domain/History.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import { finished, says, text, turn } from "../support/fixtures.ts"
import { type Asked, direct, failureOf, outcomesOf, playTurn, runtime, type Step } from "./scripted.ts"

const tooLong = new E.ContextTooLong({ upstream: "a" })
const answer: ReadonlyArray<Step> = [says(text("answer")), finished]
const said = (role: "user" | "assistant", content: string): PromptMessage => ({ role, content })
const whole = [
  said("user", "first"),
  said("assistant", "1"),
  said("user", "second"),
  said("assistant", "2"),
  said("user", "now"),
]
const half = whole.slice(2)
const asking = { turn: turn({ message: "now", history: whole }) }
const historiesOf = (asked: ReadonlyArray<Asked>) => asked.map(({ target, turn }) => [target, turn.history])

describe("a context that is too long", () => {
  it.effect("is tried once more at the same target, at once, with half of the history", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const played = yield* playTurn([direct(asked, "a", [tooLong], answer)], asking)
      assert.deepStrictEqual(historiesOf(asked), [
        ["a", whole],
        ["a", half],
      ])
      assert.strictEqual(asked[1]!.at, asked[0]!.at)
      assert.lengthOf(played.finished, 1)
      assert.deepStrictEqual(outcomesOf(played), [
        ["a", "neutral", "CONTEXT_TOO_LONG"],
        ["a", "success", null],
      ])
    }),
  )

  it.effect("is tried no third time, and the next target is asked for the whole again", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const targets = [runtime(asked, [tooLong]), direct(asked, "a", [tooLong]), direct(asked, "b", answer)]
      yield* playTurn(targets, asking)
      assert.deepStrictEqual(historiesOf(asked), [
        ["runtime", whole],
        ["runtime", half],
        ["a", whole],
        ["a", half],
        ["b", whole],
      ])
      const last = yield* playTurn([direct([], "a", [tooLong])], asking)
      assert.strictEqual(failureOf(last)?.error._tag, "ContextTooLong")
    }),
  )

  it.effect("is not tried again where the message alone is too long, or text was shown", () =>
    Effect.gen(function* () {
      const alone: Array<Asked> = []
      yield* playTurn([direct(alone, "a", [tooLong])])
      assert.lengthOf(alone, 1)
      const shown: Array<Asked> = []
      yield* playTurn([direct(shown, "a", [says(text("Ye")), tooLong])], asking)
      assert.lengthOf(shown, 1)
    }),
  )

  it.effect("leaves the one try of a target that was not available", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const down = new E.UpstreamUnavailable({ upstream: "a", status: 503 })
      const played = yield* playTurn([direct(asked, "a", [down], [tooLong], answer)], asking)
      assert.deepStrictEqual(
        asked.map(({ turn }) => turn.history),
        [whole, whole, half],
      )
      assert.lengthOf(played.finished, 1)
    }),
  )
})
