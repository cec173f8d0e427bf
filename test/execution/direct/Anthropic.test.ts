import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { reader } from "../../../src/execution/direct/Anthropic.ts"
import { cutAnywhere, data, hear, heardBy, joined, named } from "./answers.ts"

const heard = heardBy(reader)
const start = (usage: object): string =>
  named("message_start", {
    message: {
      id: "msg",
      type: "message",
      role: "assistant",
      model: "m-1",
      content: [],
      stop_reason: null,
      usage,
    },
  })
const block = (content_block: object): string => named("content_block_start", { index: 0, content_block })
const delta = (fields: object): string => named("content_block_delta", { index: 0, delta: fields })
const text = (content: unknown): string => delta({ type: "text_delta", text: content })
const end = (stop_reason: string | null, usage: object = { output_tokens: 31 }): string =>
  named("message_delta", { delta: { stop_reason, stop_sequence: null }, usage })
const stop = named("message_stop", {})
const prompt = {
  input_tokens: 4,
  cache_creation_input_tokens: 2,
  cache_read_input_tokens: 5,
  output_tokens: 1,
}

describe("an answer of Anthropic's wire", () => {
  const rich = [
    start(prompt),
    block({ type: "thinking", thinking: "", signature: "" }),
    named("ping", {}),
    delta({ type: "thinking_delta", thinking: "hm ✓" }),
    delta({ type: "signature_delta", signature: "c2ln" }),
    named("content_block_stop", { index: 0 }),
    block({ type: "text", text: "" }),
    text("The café"),
    text(" is 𝒂pen"),
    named("content_block_stop", { index: 1 }),
    end("end_turn"),
    stop,
  ].join("")

  it("is its text, its thinking, its end, its model, and its tokens with cached ones once", () => {
    const { atOnce, said } = heard(rich)
    assert.deepStrictEqual(joined(said), { thinking: "hm ✓", text: "The café is 𝒂pen" })
    assert.deepStrictEqual(atOnce, {
      _tag: "Finished",
      usage: { tokens: 42, inputTokens: 11, outputTokens: 31 },
      finishReason: "stop",
      model: "m-1",
    })
    const again = heard(start(prompt), text("hi"), end("end_turn", { ...prompt, output_tokens: 31 }), stop)
    assert.deepInclude(again.end, { usage: { tokens: 42, inputTokens: 11, outputTokens: 31 } })
  })

  it("is the same wherever it is cut", () => {
    for (const chunks of cutAnywhere(rich)) {
      const { end: last, said } = hear(reader, chunks)
      assert.deepStrictEqual(joined(said), { thinking: "hm ✓", text: "The café is 𝒂pen" })
      assert.strictEqual(last?._tag, "Finished")
    }
  })

  it("ends with message_stop, or with its body after a stop reason", () => {
    assert.strictEqual(heard(text("hi"), end("end_turn"), stop, text("more")).atOnce?._tag, "Finished")
    const unended = heard(text("hi"), end("end_turn"))
    assert.isUndefined(unended.atOnce)
    assert.strictEqual(unended.finishes, 1)
    assert.strictEqual(unended.end?._tag, "Finished")
    assert.strictEqual(heard(text("hi")).end?._tag, "UpstreamTruncated")
    assert.strictEqual(heard(text("hi"), end(null), stop).end?._tag, "UpstreamTruncated")
  })

  it.each([
    ["stop_sequence", "Finished", "stop"],
    ["max_tokens", "Finished", "length"],
    ["model_context_window_exceeded", "Finished", "length"],
    ["pause_turn", "Finished", "other"],
    ["tool_use", "Finished", "other"],
    ["refusal", "ContentFiltered", undefined],
  ] as const)("stopped for %s is %s, %s", (reason, tag, finishReason) => {
    const { end: last } = heard(text("hi"), end(reason), stop)
    assert.strictEqual(last?._tag, tag)
    if (finishReason !== undefined) assert.deepInclude(last, { finishReason })
  })

  it.each([
    ["overloaded_error", "UpstreamUnavailable"],
    ["rate_limit_error", "UpstreamRateLimited"],
    ["api_error", "UpstreamUnavailable"],
    ["timeout_error", "UpstreamUnavailable"],
    ["authentication_error", "UpstreamMisconfigured"],
    ["permission_error", "UpstreamMisconfigured"],
    ["billing_error", "UpstreamMisconfigured"],
    ["not_found_error", "UpstreamMisconfigured"],
    ["request_too_large", "ContextTooLong"],
    ["invalid_request_error", "UpstreamRejected"],
    ["new_error", "UpstreamFailed"],
  ])("with the error %s before text is %s, after text failed", (type, tag) => {
    const error = named("error", { error: { type, message: "sk-canary-0000" } })
    const { atOnce } = heard(start(prompt), error, text("after"), end("end_turn"), stop)
    assert.strictEqual(atOnce?._tag, tag)
    assert.notInclude(JSON.stringify(atOnce), "canary")
    const after = heard(text("hi"), error, stop).end?._tag
    assert.strictEqual(after, tag === "ContextTooLong" ? tag : "UpstreamFailed")
  })

  it("is not ended by an unknown event, and is garbled if text may be lost", () => {
    const odd = [
      named("content_block_delta", { index: 0, delta: null }),
      block({ type: "server_tool_use", id: "x", input: {} }),
      delta({ type: "citations_delta", citation: {} }),
      named("something_new", {}),
      data({}),
    ]
    const { end: last, said } = heard(text("hi"), ...odd, end("end_turn"), stop)
    assert.deepStrictEqual(joined(said).text, "hi")
    assert.strictEqual(last?._tag, "Finished")
    assert.strictEqual(heard(text(7), end("end_turn"), stop).end?._tag, "UpstreamGarbled")
  })

  it("is read in one piece, an error too", () => {
    const content = [
      { type: "thinking", thinking: "hm" },
      { type: "text", text: "hi" },
    ]
    const whole = { type: "message", model: "m-1", content, stop_reason: "max_tokens", usage: prompt }
    const { end: last, said } = heard(JSON.stringify(whole))
    assert.deepStrictEqual(joined(said), { thinking: "hm", text: "hi" })
    assert.deepInclude(last, { finishReason: "length", model: "m-1" })
    const error = { type: "error", error: { type: "overloaded_error", message: "x" } }
    assert.strictEqual(heard(JSON.stringify(error)).end?._tag, "UpstreamUnavailable")
  })

  it.prop("never makes the reader throw", [Schema.Json, Schema.String], ([json, type]) => {
    const odd = [
      data(json),
      data({ type, delta: json, message: json }),
      delta({ type: "text_delta", text: json }),
    ]
    for (const one of odd) assert.isDefined(heard(one, text("hi"), end("end_turn"), stop).end)
  })
})
