import { assert, describe, it } from "@effect/vitest"
import { reader } from "../../../src/execution/direct/OpenAiChat.ts"
import { cutAnywhere, data, done, hear, heardBy, joined } from "./answers.ts"

const heard = heardBy(reader)
const delta = (fields: object, finish_reason: string | null = null): string =>
  data({ choices: [{ index: 0, delta: fields, finish_reason }] })
const hi = delta({ content: "hi" })
const stop = delta({}, "stop")

describe("an error in an OpenAI-compatible answer", () => {
  const key = "key sk-canary-0000 at llm.internal is bad"
  it.each([
    ["a rate limit by code", { error: { message: key, code: "rate_limit_exceeded" } }, "UpstreamRateLimited"],
    ["a rate limit by number", { error: { message: key, code: 429 } }, "UpstreamRateLimited"],
    ["a rate limit as text", { error: { message: key, code: "429" } }, "UpstreamRateLimited"],
    ["an overload", { error: { message: key, type: "overloaded_error" } }, "UpstreamUnavailable"],
    ["a server error", { error: { message: key, type: "server_error" } }, "UpstreamUnavailable"],
    ["a wrong key", { error: { message: key, code: "invalid_api_key" } }, "UpstreamMisconfigured"],
    ["no credit", { error: { message: key, type: "insufficient_quota" } }, "UpstreamMisconfigured"],
    ["a filter", { error: { message: key, code: "content_filter" } }, "ContentFiltered"],
    ["a long prompt", { error: { message: key, code: "context_length_exceeded" } }, "ContextTooLong"],
    ["a bad request", { error: { message: key, code: 400 } }, "UpstreamRejected"],
    ["an unknown one", { error: { message: key } }, "UpstreamFailed"],
    ["a text", { error: key }, "UpstreamFailed"],
    ["a phrase", { error: "Rate limit exceeded" }, "UpstreamRateLimited"],
    ["a phrase in a message", { error: { message: "Model is overloaded" } }, "UpstreamUnavailable"],
    ["a list", [{ error: { code: 429, message: key, status: "RESOURCE_EXHAUSTED" } }], "UpstreamRateLimited"],
    ["an error of Groq", { choices: [], x_groq: { id: "r", error: "over_capacity" } }, "UpstreamUnavailable"],
    ["an error object", { object: "error", message: key, code: 503 }, "UpstreamUnavailable"],
    ["a status of MiniMax", { base_resp: { status_code: 1002, status_msg: key } }, "UpstreamRateLimited"],
    ["a code beside a message", { code: 500, msg: key, success: false }, "UpstreamUnavailable"],
    ["a choice's error", { choices: [{ error: { code: 502, message: key } }] }, "UpstreamUnavailable"],
  ])("before text is classified like a status: %s", (_, body, tag) => {
    const { atOnce, said } = heard(data(body), delta({ content: "after" }), stop, done)
    assert.strictEqual(atOnce?._tag, tag)
    assert.deepStrictEqual(said, [])
    assert.notMatch(JSON.stringify(atOnce), /canary|internal/)
  })

  it("is classified alike in the only body that there is", () => {
    const body = { error: { message: "no", type: "x", code: "rate_limit_exceeded" } }
    assert.deepInclude(heard(JSON.stringify(body)).end, {
      _tag: "UpstreamRateLimited",
      detail: "rate_limit_exceeded|x",
    })
  })

  it("after text fails the answer, whatever it is", () => {
    for (const code of ["rate_limit_exceeded", 503, "whatever"])
      assert.strictEqual(heard(hi, data({ error: { code, message: "x" } }), stop).end?._tag, "UpstreamFailed")
    assert.strictEqual(heard(hi, data({ error: { code: "content_filter" } })).end?._tag, "ContentFiltered")
  })

  it("is a refusal of the model as well", () => {
    assert.strictEqual(heard(delta({ refusal: "I can't" }), stop).end?._tag, "ContentFiltered")
    assert.strictEqual(heard(delta({ refusal: "", content: "hi" }), stop).end?._tag, "Finished")
  })
})

describe("an OpenAI-compatible answer in one piece", () => {
  const whole = {
    object: "chat.completion",
    model: "m-1",
    choices: [
      { index: 0, message: { role: "assistant", content: "<think>hm</think>hi" }, finish_reason: "length" },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 2 },
  }

  it("is read as a stream is, also with blanks before it and cut anywhere", () => {
    const text = ` \n${JSON.stringify(whole)}\n`
    for (const chunks of cutAnywhere(text)) {
      const { end, said } = hear(reader, chunks)
      assert.deepStrictEqual(joined(said), { thinking: "hm", text: "hi" })
      assert.deepInclude(end, { _tag: "Finished", finishReason: "length", model: "m-1" })
    }
  })

  it("needs no finish reason", () => {
    const body = { choices: [{ message: { content: "hi" } }] }
    assert.deepInclude(heard(JSON.stringify(body)).end, { _tag: "Finished", finishReason: "stop" })
  })

  it("fails where it is cut, is markup, or has no answer", () => {
    assert.strictEqual(heard(JSON.stringify(whole).slice(0, -1)).end?._tag, "UpstreamTruncated")
    assert.strictEqual(heard("<!doctype html>").atOnce?._tag, "UpstreamGarbled")
    for (const body of ["{}", '{"ok":true}', "[]", '{"choices":[]}'])
      assert.include(["UpstreamGarbled", "UpstreamFailed"], heard(body).end?._tag)
  })
})
