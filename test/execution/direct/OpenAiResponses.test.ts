import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { reader } from "../../../src/execution/direct/OpenAiResponses.ts"
import { bytes, cutAnywhere, data, done, hear, heardBy, joined, named } from "./answers.ts"

const heard = heardBy(reader)
const text = (delta: unknown): string =>
  named("response.output_text.delta", { item_id: "msg", output_index: 1, content_index: 0, delta })
const response = (status: string, more: object = {}): object => ({
  response: {
    id: "resp",
    object: "response",
    model: "m-1-2026",
    status,
    error: null,
    incomplete_details: null,
    output: [{ type: "message", content: [{ type: "output_text", text: "The café is open" }] }],
    usage: {
      input_tokens: 11,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens: 31,
      output_tokens_details: { reasoning_tokens: 20 },
      total_tokens: 42,
    },
    ...more,
  },
})
const completed = named("response.completed", response("completed"))

describe("an answer of the Responses wire", () => {
  const rich = [
    named("response.created", response("in_progress", { usage: null, output: [] })),
    named("response.in_progress", response("in_progress", { usage: null, output: [] })),
    named("response.output_item.added", { output_index: 0, item: { type: "reasoning", summary: [] } }),
    named("response.reasoning_summary_text.delta", { delta: "hm ✓" }),
    named("response.output_item.added", { output_index: 1, item: { type: "message", content: [] } }),
    named("response.content_part.added", { part: { type: "output_text", text: "" } }),
    text("The café"),
    text(" is open"),
    named("response.output_text.done", { text: "The café is open" }),
    completed,
  ].join("")

  it("is its text once, its thinking, its end, its tokens and its model", () => {
    const { atOnce, said } = heard(rich)
    assert.deepStrictEqual(joined(said), { thinking: "hm ✓", text: "The café is open" })
    assert.deepStrictEqual(atOnce, {
      _tag: "Finished",
      usage: { tokens: 42, inputTokens: 11, outputTokens: 31 },
      finishReason: "stop",
      model: "m-1-2026",
    })
  })

  it("is the same wherever it is cut", () => {
    for (const chunks of cutAnywhere(rich)) {
      const { end, said } = hear(reader, chunks)
      assert.deepStrictEqual(joined(said), { thinking: "hm ✓", text: "The café is open" })
      assert.strictEqual(end?._tag, "Finished")
    }
  })

  it("ends with response.completed, whatever follows", () => {
    const { end, ends, said } = heard(text("hi"), completed, done, text("more"), "data: {\n\n")
    assert.deepStrictEqual(joined(said).text, "hi")
    assert.strictEqual(end?._tag, "Finished")
    assert.strictEqual(ends, 1)
  })

  it("takes its text from the end where no delta came, and its type from the event's name", () => {
    assert.deepStrictEqual(joined(heard(completed).said).text, "The café is open")
    const unnamed = `event: response.output_text.delta\n${data({ delta: "hi" })}`
    assert.deepStrictEqual(joined(heard(unnamed).said).text, "hi")
  })

  it.each([
    ["max_output_tokens", "Finished"],
    ["content_filter", "ContentFiltered"],
    ["something_new", "Finished"],
  ])("incomplete for %s is %s", (reason, tag) => {
    const { end } = heard(
      text("hi"),
      named("response.incomplete", response("incomplete", { incomplete_details: { reason } })),
    )
    assert.strictEqual(end?._tag, tag)
    if (reason === "max_output_tokens") assert.deepInclude(end, { finishReason: "length" })
  })

  it.each([
    [{ code: "rate_limit_exceeded", message: "sk-canary-0000" }, "UpstreamRateLimited"],
    [{ code: "server_error", message: "x" }, "UpstreamUnavailable"],
    [{ code: "invalid_prompt", message: "x" }, "ContentFiltered"],
    [{ code: "insufficient_quota", message: "x" }, "UpstreamMisconfigured"],
    [{ code: "context_length_exceeded", message: "x" }, "ContextTooLong"],
    [null, "UpstreamFailed"],
  ])("failed with %j is %s", (error, tag) => {
    const { atOnce } = heard(named("response.failed", response("failed", { error, output: [] })))
    assert.strictEqual(atOnce?._tag, tag)
    assert.notInclude(JSON.stringify(atOnce), "canary")
  })

  it("reads an error event in both of its forms", () => {
    const flat = named("error", {
      code: "rate_limit_exceeded",
      message: "x",
      param: null,
      sequence_number: 3,
    })
    const nested = named("error", { error: { type: "insufficient_quota", code: "insufficient_quota" } })
    assert.strictEqual(heard(flat).atOnce?._tag, "UpstreamRateLimited")
    assert.strictEqual(heard(nested).atOnce?._tag, "UpstreamMisconfigured")
    assert.strictEqual(heard(text("hi"), flat, completed).end?._tag, "UpstreamFailed")
  })

  it("is filtered where the model refuses", () => {
    assert.strictEqual(heard(named("response.refusal.delta", { delta: "I" })).atOnce?._tag, "ContentFiltered")
    const output = [{ type: "message", content: [{ type: "refusal", refusal: "I can't" }] }]
    const { end } = heard(named("response.completed", response("completed", { output })))
    assert.strictEqual(end?._tag, "ContentFiltered")
  })

  it("is truncated without an end, and garbled where text may be lost", () => {
    assert.strictEqual(heard(text("hi")).end?._tag, "UpstreamTruncated")
    assert.strictEqual(heard(text(7), completed).end?._tag, "UpstreamGarbled")
  })

  it("is read in one piece", () => {
    const whole = { ...response("completed") } as { readonly response: object }
    const { end, said } = heard(JSON.stringify(whole.response))
    assert.deepStrictEqual(joined(said).text, "The café is open")
    assert.deepInclude(end, { finishReason: "stop", model: "m-1-2026" })
    const refused = JSON.stringify({ error: { message: "x", code: "rate_limit_exceeded" } })
    assert.strictEqual(heard(refused).end?._tag, "UpstreamRateLimited")
  })

  it.prop("never makes the reader throw", [Schema.Json, Schema.String], ([json, type]) => {
    const odd = [
      data(json),
      data({ type, response: json }),
      data({ type: "response.completed", response: json }),
    ]
    for (const one of odd) assert.isDefined(heard(one, text("hi"), completed).end)
    assert.isDefined(hear(reader, [bytes(type)]).end)
  })
})
