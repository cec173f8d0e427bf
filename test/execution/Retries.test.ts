import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as E from "../../src/execution/ExecutionError.ts"
import { finished, says, text, thinking } from "../support/fixtures.ts"
import {
  type Asked,
  direct,
  failureOf,
  outcomesOf,
  playTurn,
  runtime,
  type Step,
  typesOf,
} from "./scripted.ts"

const upstream = "runtime"
const answer: ReadonlyArray<Step> = [says(text("answer")), finished]
const down = (retryAfterMs?: number) =>
  new E.UpstreamUnavailable({
    upstream,
    status: 503,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })

/** The targets asked, each with the time since the previous one. */
const waitsOf = (asked: ReadonlyArray<Asked>) =>
  asked.map(({ at, target }, index) => [target, at - (asked[index - 1]?.at ?? at)] as const)

const between = (value: number | undefined, least: number, most: number) => {
  assert.isAtLeast(value ?? -1, least)
  assert.isAtMost(value ?? -1, most)
}

describe("asking the same target again", () => {
  it.effect("happens once, after about 100 ms, when it was not available", () =>
    Effect.gen(function* () {
      for (const error of [
        down(),
        new E.UpstreamUnreachable({ upstream }),
        new E.UpstreamRateLimited({ upstream }),
      ]) {
        const asked: Array<Asked> = []
        const played = yield* playTurn([
          runtime(asked, [says(thinking("hm")), error], answer),
          direct(asked, "a", answer),
        ])
        const [first, second, third] = waitsOf(asked)
        assert.deepStrictEqual([first?.[0], second?.[0], third], ["runtime", "runtime", undefined])
        // 80 to 120 ms of jittered backoff, read in steps of 20 ms.
        between(second?.[1], 80, 140)
        assert.deepStrictEqual(typesOf(played), ["thinking", "text"])
        assert.deepStrictEqual(
          played.attempts.map(({ number }) => number),
          [1, 2],
        )
      }
    }),
  )

  it.effect("waits as long as Retry-After says", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      yield* playTurn([runtime(asked, [down(1500)], answer)])
      between(waitsOf(asked)[1]?.[1], 1500, 1520)
    }),
  )

  it.effect("never waits less than the backoff, whatever Retry-After says", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      yield* playTurn([runtime(asked, [down(1)], answer)])
      between(waitsOf(asked)[1]?.[1], 80, 140)
    }),
  )

  it.effect("does not happen when Retry-After is too long to wait for: the next target answers at once", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const played = yield* playTurn([runtime(asked, [down(2001)]), direct(asked, "a", answer)])
      assert.deepStrictEqual(waitsOf(asked), [
        ["runtime", 0],
        ["a", 0],
      ])
      assert.deepStrictEqual(typesOf(played), ["fallback", "text"])
      const alone: Array<Asked> = []
      const failed = yield* playTurn([runtime(alone, [down(2001)])])
      assert.lengthOf(alone, 1)
      assert.strictEqual(failureOf(failed)?.error._tag, "UpstreamUnavailable")
    }),
  )

  it.effect("does not happen a second time: the next target follows without a wait", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const played = yield* playTurn([runtime(asked, [down(1000)]), direct(asked, "a", answer)])
      const waits = waitsOf(asked)
      assert.deepStrictEqual(
        waits.map(([target]) => target),
        ["runtime", "runtime", "a"],
      )
      between(waits[1]?.[1], 1000, 1020)
      assert.strictEqual(waits[2]?.[1], 0)
      assert.deepStrictEqual(typesOf(played), ["fallback", "text"])
      assert.deepStrictEqual(outcomesOf(played), [
        ["runtime", "error", "UPSTREAM_UNAVAILABLE"],
        ["runtime", "error", "UPSTREAM_UNAVAILABLE"],
        ["a", "success", null],
      ])
    }),
  )

  it.effect("happens at a later target too, after its own failure", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const rejected = new E.UpstreamRejected({ upstream, status: 422, detail: "" })
      const busy = new E.UpstreamRateLimited({ upstream: "a", retryAfterMs: 300 })
      yield* playTurn([
        runtime(asked, [rejected]),
        direct(asked, "a", [busy], answer),
        direct(asked, "b", answer),
      ])
      const waits = waitsOf(asked)
      assert.deepStrictEqual(
        waits.map(([target]) => target),
        ["runtime", "a", "a"],
      )
      assert.strictEqual(waits[1]?.[1], 0)
      between(waits[2]?.[1], 300, 320)
    }),
  )

  it.effect("does not happen once anything of an answer was shown", () =>
    Effect.gen(function* () {
      const asked: Array<Asked> = []
      const played = yield* playTurn([runtime(asked, [says(text("a")), down()]), direct(asked, "a", answer)])
      assert.deepStrictEqual(waitsOf(asked), [
        ["runtime", 0],
        ["a", 0],
      ])
      assert.deepStrictEqual(typesOf(played), ["text", "retract", "fallback", "text"])
    }),
  )

  it.effect("does not happen after a failure that a second try would only repeat", () =>
    Effect.gen(function* () {
      const errors = [
        new E.UpstreamRejected({ upstream, status: 400, detail: "" }),
        new E.UpstreamTruncated({ upstream }),
        new E.UpstreamGarbled({ upstream, detail: "" }),
        new E.UpstreamFailed({ upstream, code: "", message: "" }),
        new E.UpstreamEmpty({ upstream }),
      ]
      for (const error of errors) {
        const asked: Array<Asked> = []
        yield* playTurn([runtime(asked, [error]), direct(asked, "a", answer)])
        assert.deepStrictEqual(waitsOf(asked), [
          ["runtime", 0],
          ["a", 0],
        ])
      }
    }),
  )
})
