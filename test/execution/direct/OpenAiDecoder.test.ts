import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type { Decoded } from "../../../src/execution/DecodedAnswer.ts"
import { OpenAiDecoder } from "../../../src/execution/direct/OpenAiDecoder.ts"
import type { ExecutionEvent } from "../../../src/execution/Executor.ts"

const event = (body: unknown): string => `data: ${JSON.stringify(body)}\n\n`
const delta = (fields: object, finish: string | null = null): string =>
  event({ id: "c", choices: [{ index: 0, delta: fields, finish_reason: finish }] })
const usage = (prompt: unknown, completion: unknown): string =>
  event({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion } })
const done = "data: [DONE]\n\n"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a decoder says of an answer that comes in these chunks. */
const hear = (chunks: ReadonlyArray<Uint8Array>) => {
  const decoder = new OpenAiDecoder("a")
  const events: Array<ExecutionEvent> = []
  let last: Decoded["error"]
  for (const chunk of chunks) {
    const { error, events: found } = decoder.feed(chunk)
    events.push(...found)
    last = error
    if (error !== undefined) break
  }
  const ended = last === undefined ? decoder.end() : { events: [], error: last }
  const end = ended.error ?? ended.events[0]!
  const said = events.map((one) =>
    one._tag === "Message" ? [one.draft.type, contentOf(one.draft.data)] : one,
  )
  return { said, end }
}
const contentOf = (data: object): unknown => ("content" in data ? data.content : undefined)
const heard = (...parts: ReadonlyArray<string>) => hear([bytes(parts.join(""))])

describe("an OpenAI-compatible answer", () => {
  it("is its text, what it thought, its end and the tokens that it cost", () => {
    const { end, said } = heard(
      delta({ role: "assistant", content: "" }),
      delta({ reasoning_content: "hm" }),
      delta({ reasoning: "so" }),
      delta({ content: "The café" }),
      delta({ content: " is open" }),
      delta({}, "stop"),
      usage(11, 31),
      done,
    )
    assert.deepStrictEqual(said, [
      ["thinking", "hm"],
      ["thinking", "so"],
      ["text", "The café"],
      ["text", " is open"],
    ])
    assert.deepStrictEqual(end, {
      _tag: "Finished",
      usage: { tokens: 42, inputTokens: 11, outputTokens: 31 },
    })
  })

  it.each(["stop", "length", "tool_calls", "anything"])(
    "ends well for the reason %s, tokens or not",
    (reason) => {
      assert.deepStrictEqual(heard(delta({ content: "a" }), delta({}, reason)).end, {
        _tag: "Finished",
        usage: undefined,
      })
    },
  )

  it.each([
    [-5, 1],
    [1e300, 1],
    [null, null],
  ])("is not spoiled by tokens that are none: %s, %s", (prompt, completion) => {
    const { end } = heard(delta({ content: "a" }, "stop"), usage(prompt, completion))
    assert.deepInclude(end, { _tag: "Finished", usage: undefined })
  })

  it("that stops without a reason was cut off, also after [DONE]", () => {
    assert.strictEqual(heard(delta({ content: "a" })).end._tag, "UpstreamTruncated")
    assert.strictEqual(heard(delta({ content: "a" }), done).end._tag, "UpstreamTruncated")
    assert.strictEqual(heard().end._tag, "UpstreamTruncated")
  })

  it("that a filter ended is no answer", () => {
    assert.strictEqual(
      heard(delta({ content: "a" }), delta({}, "content_filter")).end._tag,
      "ContentFiltered",
    )
  })

  it("fails at an error in its middle, shows nothing of what follows, and repeats nothing of its words", () => {
    const { end, said } = heard(
      delta({ content: "a" }),
      event({ error: { message: "key sk-canary-0000 is bad" } }),
      delta({ content: "after" }, "stop"),
    )
    assert.deepStrictEqual(said, [["text", "a"]])
    assert.strictEqual(end._tag, "UpstreamFailed")
    assert.notInclude(JSON.stringify(end), "canary")
  })

  it.each([
    ["no JSON", "data: {\n\n"],
    ["no object", "data: 7\n\n"],
    ["a delta that is no text", delta({ content: 7 })],
    ["a delta that is too long", delta({ content: "x".repeat(1024 * 1024 + 1) })],
    ["an event without an end", `data: ${"x".repeat(2 * 1024 * 1024)}`],
  ])("fails at what is %s", (_, part) => {
    const { end, said } = heard(delta({ content: "a" }), part, delta({ content: "b" }, "stop"))
    assert.strictEqual(end._tag, "UpstreamGarbled")
    assert.deepStrictEqual(said, [["text", "a"]])
  })

  it("passes over comments, names, other choices and what it does not know", () => {
    const { said } = heard(
      ": ping\n\n",
      "event: message\n",
      event({
        choices: [{ delta: { content: "a", tool_calls: [] } }, { delta: { content: "other" } }],
        x: 1,
      }),
      event({ object: "something.else" }),
      delta({ content: null }, "stop"),
    )
    assert.deepStrictEqual(said, [["text", "a"]])
  })

  const Cuts = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })))
  it.prop("is the same however it is cut, also within characters", [Cuts], ([cuts]) => {
    const whole = bytes(
      [delta({ content: "naïve ✓" }), delta({ content: "𝒂" }, "stop"), usage(1, 2), done].join(""),
    )
    const places = [0, ...cuts.map((cut) => cut % whole.length), whole.length].toSorted((a, b) => a - b)
    const chunks = places.slice(1).map((to, index) => whole.subarray(places[index], to))
    assert.deepStrictEqual(hear(chunks), hear([whole]))
  })

  it.prop("never makes it throw, whatever its bytes are", [Schema.Array(Schema.String)], ([texts]) => {
    const { end } = hear([...texts.map(bytes), bytes(delta({ content: "a" }))])
    assert.isString(end._tag)
  })
})
