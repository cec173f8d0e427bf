import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { path, reader } from "../../../src/execution/direct/Gemini.ts"
import { cutAnywhere, data, hear, heardBy, joined } from "./answers.ts"

const heard = heardBy(reader)
const usageMetadata = {
  promptTokenCount: 11,
  cachedContentTokenCount: 4,
  candidatesTokenCount: 21,
  thoughtsTokenCount: 10,
  totalTokenCount: 42,
}
const chunk = (parts: ReadonlyArray<object>, finishReason?: unknown, more: object = {}) => ({
  candidates: [{ content: { parts, role: "model" }, finishReason, index: 0 }],
  usageMetadata: { promptTokenCount: 11 },
  modelVersion: "m-1",
  ...more,
})
const text = (content: unknown): string => data(chunk([{ text: content }]))
const stop = (reason: unknown): string => data(chunk([{ text: "" }], reason, { usageMetadata }))

describe("an answer of Gemini's wire", () => {
  const rich = [
    data(chunk([{ text: "hm ✓", thought: true }])),
    text("The café"),
    data(chunk([{ text: " is 𝒂pen", thoughtSignature: "c2ln" }])),
    stop("STOP"),
  ].join("")

  it("is its text, its thinking, its end, its tokens and its model", () => {
    const { end, finishes, said } = heard(rich)
    assert.deepStrictEqual(joined(said), { thinking: "hm ✓", text: "The café is 𝒂pen" })
    assert.strictEqual(finishes, 1)
    assert.deepStrictEqual(end, {
      _tag: "Finished",
      usage: { tokens: 42, inputTokens: 11, outputTokens: 31 },
      finishReason: "stop",
      model: "m-1",
    })
  })

  it("is the same wherever it is cut", () => {
    for (const chunks of cutAnywhere(rich)) {
      const { end, said } = hear(reader, chunks)
      assert.deepStrictEqual(joined(said), { thinking: "hm ✓", text: "The café is 𝒂pen" })
      assert.strictEqual(end?._tag, "Finished")
    }
  })

  it("continues after a finish reason that arrives with each chunk", () => {
    const early = data(chunk([{ text: "a" }], "STOP"))
    assert.deepStrictEqual(joined(heard(early, text("b"), stop("STOP")).said).text, "ab")
  })

  it.each([
    ["MAX_TOKENS", "Finished"],
    ["OTHER", "Finished"],
    ["SAFETY", "ContentFiltered"],
    ["RECITATION", "ContentFiltered"],
    ["BLOCKLIST", "ContentFiltered"],
    ["PROHIBITED_CONTENT", "ContentFiltered"],
    ["SPII", "ContentFiltered"],
    ["IMAGE_SAFETY", "ContentFiltered"],
    ["MALFORMED_FUNCTION_CALL", "UpstreamFailed"],
    ["FINISH_REASON_UNSPECIFIED", "UpstreamTruncated"],
    [undefined, "UpstreamTruncated"],
  ])("finished for %s is %s", (reason, tag) => {
    assert.strictEqual(heard(text("hi"), stop(reason)).end?._tag, tag)
  })

  it("is filtered where the prompt is blocked", () => {
    const blocked = data({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, usageMetadata })
    assert.strictEqual(heard(blocked).atOnce?._tag, "ContentFiltered")
    const unblocked = data({ ...chunk([{ text: "hi" }]), promptFeedback: { safetyRatings: [] } })
    assert.strictEqual(heard(unblocked, stop("STOP")).end?._tag, "Finished")
  })

  it.each([
    [{ code: 429, status: "RESOURCE_EXHAUSTED", message: "sk-canary" }, "UpstreamRateLimited"],
    [{ code: 503, status: "UNAVAILABLE", message: "x" }, "UpstreamUnavailable"],
    [
      { code: 400, status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] },
      "UpstreamMisconfigured",
    ],
    [{ status: "INTERNAL", message: "x" }, "UpstreamUnavailable"],
    [
      { code: 400, message: "The input token count exceeds the maximum number of tokens allowed" },
      "ContextTooLong",
    ],
  ])("with the error %j is %s, in one piece and in a list as well", (error, tag) => {
    const forms = [data({ error }), JSON.stringify({ error }), JSON.stringify([{ error }])]
    for (const form of forms) {
      const { end } = heard(form)
      assert.strictEqual(end?._tag, tag)
      assert.notInclude(JSON.stringify(end), "canary")
    }
  })

  it("says how long to wait", () => {
    const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "17.5s" }
    const error = { code: 429, status: "RESOURCE_EXHAUSTED", message: "x", details: [retry] }
    assert.deepInclude(heard(data({ error })).end, { retryAfterMs: 17_500 })
  })

  it("is read as a list of chunks", () => {
    const list = [chunk([{ text: "The " }]), chunk([{ text: "café" }], "STOP", { usageMetadata })]
    const { end, said } = heard(JSON.stringify(list))
    assert.deepStrictEqual(joined(said).text, "The café")
    assert.strictEqual(end?._tag, "Finished")
    assert.strictEqual(heard(JSON.stringify(list).slice(0, -2)).end?._tag, "UpstreamTruncated")
  })

  it.prop("never makes the reader throw", [Schema.Json], ([json]) => {
    const odd = [
      data(json),
      data({ candidates: json }),
      data({ candidates: [json], usageMetadata: json }),
      text(json),
    ]
    for (const one of odd) assert.isDefined(heard(one, text("hi"), stop("STOP")).end)
  })
})

describe("the path of a model", () => {
  it.each([
    ["gemini-2.5-flash", "/models/gemini-2.5-flash"],
    ["models/m", "/models/m"],
    ["tunedModels/m", "/tunedModels/m"],
    ["../../x?key=1", "/_/_/x%3Fkey%3D1"],
  ])("maps %s to %s", (model, expected) => {
    assert.strictEqual(path(model), `${expected}:streamGenerateContent?alt=sse`)
  })
})
