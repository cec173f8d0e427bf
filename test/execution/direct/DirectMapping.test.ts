import { APICallError, type LanguageModelV4StreamPart } from "@ai-sdk/provider"
import { assert, describe, it } from "@effect/vitest"
import * as DirectMapping from "../../../src/execution/direct/DirectMapping.ts"
import { noon } from "../../support/fixtures.ts"

const usage = (input: number | undefined, output: number | undefined) => ({
  inputTokens: { total: input, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: output, text: undefined, reasoning: undefined },
})

const finish = (
  unified: "stop" | "length" | "content-filter" | "tool-calls" | "error" | "other" | "interrupted",
  input?: number,
  output?: number,
) =>
  ({
    type: "finish",
    finishReason: { unified, raw: unified },
    usage: usage(input, output),
  }) as LanguageModelV4StreamPart

/** The event, `undefined` for nothing, or the error's tag. */
const mapped = (part: LanguageModelV4StreamPart) => {
  const found = DirectMapping.fromPart("openai", part)
  return found._tag === "Event" ? found.event : found._tag === "Failed" ? found.error._tag : undefined
}

const callError = (statusCode: number | undefined, retryAfter?: string) =>
  new APICallError({
    message: "key sk-canary is bad",
    url: "https://llm.internal/v1",
    requestBodyValues: {},
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(retryAfter === undefined ? {} : { responseHeaders: { "retry-after": retryAfter } }),
  })

describe("what a provider's stream parts become", () => {
  it("text and reasoning are messages, and what shows nothing is no progress", () => {
    const says = (draft: object) => ({ _tag: "Message", draft })
    assert.deepStrictEqual<unknown>(
      mapped({ type: "text-delta", id: "1", delta: "Hel" }),
      says({ type: "text", data: { content: "Hel" } }),
    )
    assert.deepStrictEqual<unknown>(
      mapped({ type: "reasoning-delta", id: "1", delta: "hm" }),
      says({ type: "thinking", data: { content: "hm", stage: "reasoning" } }),
    )
    const silent: ReadonlyArray<LanguageModelV4StreamPart> = [
      { type: "text-delta", id: "1", delta: "" },
      { type: "reasoning-delta", id: "1", delta: "" },
      { type: "stream-start", warnings: [] },
      { type: "text-start", id: "1" },
      { type: "text-end", id: "1" },
      { type: "raw", rawValue: {} },
    ]
    for (const part of silent) assert.isUndefined(mapped(part))
  })

  it.each(["stop", "length", "tool-calls", "other"] as const)(
    "a finish for the reason %s is the end",
    (reason) => {
      assert.deepStrictEqual(mapped(finish(reason, 30, 12)), {
        _tag: "Finished",
        usage: { tokens: 42, inputTokens: 30, outputTokens: 12 },
      })
    },
  )

  it("fault 8: tokens are the sum of what was reported, and nothing where nothing was", () => {
    for (const [input, output] of [
      [undefined, 12],
      [0, 0],
    ] as const) {
      const usage = {
        tokens: (input ?? 0) + output,
        ...(input === undefined ? {} : { inputTokens: input }),
        outputTokens: output,
      }
      assert.deepStrictEqual(mapped(finish("stop", input, output)), { _tag: "Finished", usage })
    }
    assert.deepStrictEqual(mapped(finish("stop")), { _tag: "Finished", usage: undefined })
  })

  it("a figure that is none does not spoil a good answer", () => {
    for (const [input, output] of [
      [-5, 1],
      [Number.NaN, 1],
      [1e300, 1],
      [Number.POSITIVE_INFINITY, 1],
    ] as const) {
      assert.deepStrictEqual(mapped(finish("stop", input, output)), { _tag: "Finished", usage: undefined })
    }
    assert.deepStrictEqual(mapped(finish("stop", 1.4, 1.4)), {
      _tag: "Finished",
      usage: { tokens: 3, inputTokens: 1, outputTokens: 1 },
    })
  })

  it("a delta that is larger than any honest event fails the attempt", () => {
    const delta = "x".repeat(1024 * 1024)
    for (const type of ["text-delta", "reasoning-delta"] as const) {
      assert.isObject(mapped({ type, id: "1", delta }))
      assert.strictEqual(mapped({ type, id: "1", delta: `${delta}x` }), "UpstreamGarbled")
    }
  })

  it("fault 15: a finish after a failure is no success", () => {
    assert.strictEqual(mapped(finish("error")), "UpstreamFailed")
    assert.strictEqual(mapped(finish("interrupted")), "UpstreamTruncated")
    assert.strictEqual(mapped(finish("content-filter")), "ContentFiltered")
    assert.strictEqual(mapped({ type: "error", error: new Error("in band") }), "UpstreamFailed")
  })

  it("X7: says nothing of a provider's own words", () => {
    const found = DirectMapping.fromPart("openai", { type: "error", error: callError(undefined) })
    assert.notMatch(JSON.stringify(found), /canary|internal/)
  })
})

describe("a failure after the answer began", () => {
  const named = (name: string) => Object.assign(new Error("x"), { name })
  it.each([
    [callError(200), "UpstreamTruncated"],
    [named("TypeError"), "UpstreamTruncated"],
    [named("AbortError"), "UpstreamTruncated"],
    [named("AI_JSONParseError"), "UpstreamGarbled"],
    [named("AI_TypeValidationError"), "UpstreamGarbled"],
    [new Error("other"), "UpstreamFailed"],
    ["a text", "UpstreamFailed"],
    [undefined, "UpstreamFailed"],
  ])("%s is %s", (cause, tag) => {
    assert.strictEqual(DirectMapping.fromStreamError("openai", cause)._tag, tag)
  })
})

describe("a failure instead of an answer", () => {
  it.each([
    [429, "UpstreamRateLimited"],
    [400, "UpstreamRejected"],
    [401, "UpstreamFailed"],
    [404, "UpstreamFailed"],
    [500, "UpstreamUnavailable"],
    [503, "UpstreamUnavailable"],
    [529, "UpstreamUnavailable"],
    [undefined, "UpstreamUnreachable"],
  ])("with status %s is %s", (status, tag) => {
    assert.strictEqual(DirectMapping.fromCallError("openai", callError(status), noon)._tag, tag)
  })

  it("that is no answer at all is unreachable", () => {
    for (const cause of [new TypeError("fetch failed"), "x", undefined, null]) {
      assert.strictEqual(DirectMapping.fromCallError("openai", cause, noon)._tag, "UpstreamUnreachable")
    }
  })

  it("keeps what Retry-After said, in either form", () => {
    const limited = (header: string) => DirectMapping.fromCallError("openai", callError(429, header), noon)
    assert.deepInclude(limited("3"), { retryAfterMs: 3000 })
    assert.deepInclude(limited("Sun, 22 Nov 2026 12:00:03 GMT"), { retryAfterMs: 3000 })
    assert.notProperty(limited("soon"), "retryAfterMs")
    assert.isFinite((limited("9".repeat(400)) as { readonly retryAfterMs?: number }).retryAfterMs)
    assert.deepInclude(DirectMapping.fromCallError("openai", callError(503, "3"), noon), {
      retryAfterMs: 3000,
    })
  })
})
