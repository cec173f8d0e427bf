import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { AnswerDecoder } from "../../../src/execution/direct/AnswerDecoder.ts"
import { DirectAnswer } from "../../../src/execution/direct/DirectAnswer.ts"
import { reader } from "../../../src/execution/direct/OpenAiChat.ts"
import { bytes, cutAnywhere, data, done, hear, heardBy, joined } from "./answers.ts"

const heard = heardBy(reader)
const chunk = (choice: object | undefined, more: object = {}): string =>
  data({
    id: "c",
    object: "chat.completion.chunk",
    model: "m-1",
    choices: choice === undefined ? [] : [{ index: 0, ...choice }],
    ...more,
  })
const delta = (fields: object, finish: unknown = null): string =>
  chunk({ delta: fields, finish_reason: finish })
const usage = (fields: unknown): string => chunk(undefined, { usage: fields })
const hi = delta({ content: "hi" })
const stop = delta({}, "stop")
const tokens = usage({ prompt_tokens: 11, completion_tokens: 31, total_tokens: 42 })

describe("an OpenAI-compatible answer", () => {
  const rich = [
    ": OPENROUTER PROCESSING\n\n",
    chunk(undefined, { prompt_filter_results: [{ prompt_index: 0 }] }),
    delta({ role: "assistant", content: "" }),
    delta({ reasoning_content: "hm" }),
    "event: message\n",
    delta({ reasoning: "so" }),
    delta({ role: "assistant", content: "<think>\nA naïve" }),
    delta({ content: " ✓</think>\n\n" }),
    delta({ content: "The café" }),
    delta({ content: " is 𝒂 <think>open</think>" }),
    delta({}, "stop"),
    tokens,
    done,
  ].join("")

  it("is its text, its thinking, its end, its tokens and its model", () => {
    const { atOnce, said } = heard(rich)
    assert.deepStrictEqual(joined(said), {
      thinking: "hmso\nA naïve ✓",
      text: "The café is 𝒂 <think>open</think>",
    })
    assert.deepStrictEqual(atOnce, {
      _tag: "Finished",
      usage: { tokens: 42, inputTokens: 11, outputTokens: 31 },
      finishReason: "stop",
      model: "m-1",
    })
  })

  it("is the same wherever it is cut", () => {
    const whole = heard(rich)
    for (const chunks of cutAnywhere(rich)) {
      const { end, said } = hear(reader, chunks)
      assert.deepStrictEqual(joined(said), joined(whole.said))
      assert.deepStrictEqual(end, whole.end)
    }
  })

  const Cuts = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5000 })))
  it.prop("is the same in any number of chunks", [Cuts], ([cuts]) => {
    const whole = bytes(rich)
    const places = [0, ...cuts.map((cut) => cut % whole.length), whole.length].toSorted((a, b) => a - b)
    const chunks = places.slice(1).map((to, index) => whole.subarray(places[index], to))
    assert.deepStrictEqual(joined(hear(reader, chunks).said), joined(heard(rich).said))
  })

  it.prop(
    "never makes the reader throw, whatever its bytes are",
    [Schema.Array(Schema.String)],
    ([texts]) => {
      assert.isDefined(hear(reader, [...texts.map(bytes), bytes(hi)]).end)
    },
  )

  it.prop("never makes the reader throw, whatever its JSON is", [Schema.Json, Schema.Json], ([a, b]) => {
    const odd = [
      data(a),
      chunk({ delta: a, finish_reason: b }),
      delta({ content: a, reasoning: b }),
      usage(a),
    ]
    for (const one of odd) assert.isDefined(heard(one, hi, stop).end)
  })
})

describe("the end of an OpenAI-compatible answer", () => {
  it.each(["data: [DONE]\n\n", "data:[DONE]\n\n", "data:  [DONE] \n\n", "data: [DONE]\r\n\r\n"])(
    "is %j at once, and what follows is not read",
    (last) => {
      const { atOnce, ends, said } = heard(hi, stop, last, delta({ content: "more" }), "data: {\n\n", last)
      assert.strictEqual(atOnce?._tag, "Finished")
      assert.deepStrictEqual(said, [["text", "hi"]])
      assert.strictEqual(ends, 1)
    },
  )

  it("is the end of the body after a finish reason, also without the last blank line", () => {
    assert.strictEqual(heard(hi, stop).end?._tag, "Finished")
    assert.strictEqual(heard(hi, stop.trimEnd()).end?._tag, "Finished")
    assert.deepInclude(heard(hi, stop, tokens.trimEnd()).end, {
      usage: { tokens: 42, inputTokens: 11, outputTokens: 31 },
    })
    assert.strictEqual(heard(hi, stop, "data: [DONE]").end?._tag, "Finished")
  })

  it("may follow a finish reason, which is counted", () => {
    assert.strictEqual(heard(hi).finishes, 0)
    assert.strictEqual(heard(hi, stop).finishes, 1)
  })

  it("is a truncation without a finish reason and [DONE]", () => {
    for (const parts of [[], [hi], [done], [hi, tokens], [hi, stop.slice(0, 40)]])
      assert.strictEqual(heard(...parts).end?._tag, "UpstreamTruncated")
  })

  it.each(["[DONE]", " [DONE] ", '"[DONE]"', "[done]"])("is %s, even if no finish reason came", (mark) => {
    assert.deepInclude(heard(hi, `data: ${mark}\n\n`).end, { _tag: "Finished", finishReason: "other" })
  })

  it("is not undone by events after the finish reason, except by a filter", () => {
    for (const odd of ["data: {\n\n", data({ error: { message: "late", code: 500 } }), data(7)])
      assert.strictEqual(heard(hi, stop, odd).end?._tag, "Finished")
    assert.strictEqual(heard(hi, stop, delta({}, "content_filter")).end?._tag, "ContentFiltered")
  })

  it.each([
    ["stop", "stop"],
    ["length", "length"],
    ["MAX_TOKENS", "length"],
    ["tool_calls", "other"],
    ["brand_new", "other"],
  ] as const)("says of the reason %s that it is %s", (reason, finishReason) => {
    assert.deepInclude(heard(hi, delta({}, reason), done).end, { _tag: "Finished", finishReason })
  })

  it.each([
    ["content_filter", "ContentFiltered"],
    ["sensitive", "ContentFiltered"],
    ["SAFETY", "ContentFiltered"],
    ["error", "UpstreamFailed"],
    ["network_error", "UpstreamUnavailable"],
    ["insufficient_system_resource", "UpstreamUnavailable"],
  ])("fails for the reason %s as %s", (reason, tag) => {
    assert.strictEqual(heard(hi, delta({}, reason), done).end?._tag, tag)
  })

  it("does not end at a reason without a meaning", () => {
    for (const reason of ["", "null", null, 0, {}])
      assert.strictEqual(heard(hi, delta({}, reason)).end?._tag, "UpstreamTruncated")
  })

  it("reports a reason that the table does not have", () => {
    assert.deepStrictEqual(heard(hi, delta({}, "brand_new"), done).unknown, ["brand_new"])
    assert.deepStrictEqual(heard(hi, stop, done).unknown, [])
  })
})

describe("an odd chunk of an OpenAI-compatible answer", () => {
  it.each([
    ["empty data", "data:\n\ndata: \n\n"],
    ["a comment", ": ping\n\n"],
    ["a keep-alive word", "data: keep-alive\n\n"],
    ["nothing", data(null) + data({}) + data([]) + data("")],
    ["another object", data({ object: "something.else", value: 1 })],
    ["a named ping", 'event: ping\ndata: {"type":"ping"}\n\n'],
    ["no choices", chunk(undefined) + data({ choices: null }) + data({ choices: {} })],
    ["an empty error", chunk({ delta: {} }, { error: null }) + chunk(undefined, { error: {} })],
    ["an empty error text", chunk({ delta: {} }, { error: "" })],
    ["an error without a value", chunk({ delta: {} }, { error: { message: "", code: null, metadata: {} } })],
    ["a status of success", chunk({ delta: {} }, { base_resp: { status_code: 0, status_msg: "" } })],
    ["a status of success as text", chunk({ delta: {} }, { base_resp: { status_code: "0" } })],
    ["a code of success", data({ code: 200, message: "ok" }) + data({ code: 0, message: "ok" })],
    ["a delta of null", chunk({ delta: null }) + chunk({ delta: "x" }) + delta({ content: null })],
    ["an odd usage", usage("many") + usage([1]) + usage({ prompt_tokens: { total: 1 } })],
    ["an odd model", data({ model: 7, choices: [] }) + data({ model: "x".repeat(300), choices: [] })],
    ["another choice", data({ choices: [{ index: 1, delta: { content: "other" } }] })],
    ["a call", delta({ tool_calls: [{ index: 0, function: { name: "f", arguments: "{}" } }] })],
  ])("does not end it: %s", (_, odd) => {
    const { end, said } = heard(hi, odd, delta({ content: " there" }), stop, done)
    assert.deepStrictEqual(joined(said), { thinking: "", text: "hi there" })
    assert.strictEqual(end?._tag, "Finished")
  })

  it.each([
    ["no JSON", "data: {\n\n"],
    ["no record", data(7)],
    ["a content of an unknown type", delta({ content: 7 })],
    ["a delta that is too long", delta({ content: "x".repeat(1024 * 1024 + 1) })],
    ["an event without an end", `data: ${"x".repeat(2 * 1024 * 1024)}`],
  ])("fails it where text may be lost: %s", (_, odd) => {
    const { end, said } = heard(hi, odd, delta({ content: "after" }), stop)
    assert.strictEqual(end?._tag, "UpstreamGarbled")
    assert.deepStrictEqual(said, [["text", "hi"]])
  })

  it.each([
    ["parts", delta({ content: [{ type: "text", text: "hi" }] })],
    ["strings in parts", delta({ content: ["h", "i"] })],
    ["one part", delta({ content: { type: "text", text: "hi" } })],
    ["a message", chunk({ message: { content: "hi" } })],
    ["a legacy text", chunk({ text: "hi" })],
    [
      "a choice without an index",
      data({ choices: [{ delta: { content: "hi" } }, { delta: { content: "x" } }] }),
    ],
    ["choices that begin at 1", data({ choices: [{ index: 1, delta: { content: "hi" } }] })],
    ["a repetition of the whole", hi + chunk({ delta: {}, message: { content: "hi" } })],
  ])("has its text as %s", (_, part) => {
    assert.deepStrictEqual(joined(heard(part).said), { thinking: "", text: "hi" })
  })

  it.each([
    ["reasoning_content", delta({ reasoning_content: "hm" })],
    ["reasoning", delta({ reasoning: "hm" })],
    ["both", delta({ reasoning: "hm", reasoning_content: "hm" })],
    ["an empty one and the other", delta({ reasoning: "hm", reasoning_content: "" })],
    ["details", delta({ reasoning_details: [{ type: "reasoning.text", text: "hm" }] })],
    ["a part", delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] })],
    ["a tag", delta({ content: " <think>hm</think>" })],
  ])("has its thinking as %s", (_, part) => {
    assert.deepStrictEqual(joined(heard(part).said), { thinking: "hm", text: "" })
  })

  it("is parsed before the body ends at most 20 times, however many pieces end like one JSON text", () => {
    const json = JSON.stringify({
      choices: [{ message: { content: "}".repeat(30) }, finish_reason: "stop" }],
    })
    const pieces = json.split(/(?<=\})/).map(bytes)
    const { end, said } = hear(reader, pieces)
    assert.deepInclude(end, { _tag: "Finished", finishReason: "stop" })
    assert.deepStrictEqual(joined(said), { thinking: "", text: "}".repeat(30) })
    const decoder = new AnswerDecoder(new DirectAnswer("a", () => {}), reader)
    for (const piece of pieces) decoder.feed(piece)
    assert.strictEqual(decoder.finishes, 0)
  })

  it("has usage in the chunk with the finish reason, in a choice, or under another name", () => {
    const counted = { usage: { tokens: 3, inputTokens: 1, outputTokens: 2 } }
    const figures = { prompt_tokens: 1, completion_tokens: 2 }
    for (const last of [
      chunk({ delta: {}, finish_reason: "stop" }, { usage: figures }),
      chunk({ delta: {}, finish_reason: "stop", usage: figures }),
      chunk({ delta: {}, finish_reason: "stop" }, { x_groq: { usage: figures } }),
      stop + usage({ input_tokens: "1", output_tokens: 2.2 }),
      usage({ prompt_tokens: 1, completion_tokens: 1 }) + stop + usage({ ...figures, cost: 0.1 }),
    ])
      assert.deepInclude(heard(hi, last, done).end, counted)
  })
})
