import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import * as DecodedAnswer from "../../src/execution/DecodedAnswer.ts"
import { finished, says, text } from "../support/fixtures.ts"
import type { Answer } from "../../src/execution/UpstreamHttp.ts"

/** Reads every chunk as text. */
const decoder: DecodedAnswer.Decoder = {
  feed: (chunk) => ({ events: [says(text(Buffer.from(chunk).toString()))], error: undefined }),
  end: () => ({ events: [finished], error: undefined }),
}

const body = Buffer.from("hello")

const events = (encoding: string | undefined, bytes: Uint8Array) => {
  let chunks = [bytes]
  let pulls = 0
  const answer: Answer = {
    status: 200,
    header: (name) => (name === "content-encoding" ? encoding : undefined),
    pull: Effect.suspend(() => {
      pulls++
      const [first] = chunks
      chunks = []
      return first === undefined ? Cause.done() : Effect.succeed([first] as const)
    }),
    drain: () => {},
  }
  const all = Stream.runCollect(DecodedAnswer.events("a", answer, decoder))
  return { all, pulls: () => pulls }
}

describe("an answer", () => {
  it.effect.each([undefined, "", "identity", " Identity ", "none", "utf-8"])(
    "with content-encoding %s is read",
    (encoding) =>
      Effect.gen(function* () {
        const read = yield* events(encoding, body).all
        assert.deepStrictEqual(
          read.map(({ _tag }) => _tag),
          ["Message", "Finished"],
        )
      }),
  )

  it.effect.each([
    ["gzip", gzipSync(body)],
    ["br", brotliCompressSync(body)],
    ["deflate", deflateSync(body)],
    ["GZIP, br", brotliCompressSync(gzipSync(body))],
  ] as const)("fails as garbled, unread, when it is compressed all the same: %s", ([encoding, bytes]) =>
    Effect.gen(function* () {
      const { all, pulls } = events(encoding, bytes)
      const error = yield* Effect.flip(all)
      assert.deepInclude(error, {
        _tag: "UpstreamGarbled",
        detail: `content-encoding ${encoding.toLowerCase()}`,
      })
      assert.strictEqual(pulls(), 0)
    }),
  )
})
