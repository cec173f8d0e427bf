import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as ProviderRefusal from "../../../src/execution/direct/ProviderRefusal.ts"
import * as RefusalRules from "../../../src/execution/direct/RefusalRules.ts"
import { upstreamCodes } from "../../../src/execution/FailureText.ts"

const refused = (status: number, body: unknown) => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return RefusalRules.refused("a", { ...ProviderRefusal.ofStatus(status, text), status })
}
const error = (fields: object) => ({ error: fields })

describe("a refusal without a body", () => {
  it.each([
    [400, "UpstreamRejected"],
    [422, "UpstreamRejected"],
    [401, "UpstreamMisconfigured"],
    [402, "UpstreamMisconfigured"],
    [403, "UpstreamMisconfigured"],
    [404, "UpstreamMisconfigured"],
    [405, "UpstreamMisconfigured"],
    [410, "UpstreamMisconfigured"],
    [302, "UpstreamMisconfigured"],
    [408, "UpstreamUnavailable"],
    [425, "UpstreamUnavailable"],
    [413, "ContextTooLong"],
    [429, "UpstreamRateLimited"],
    [500, "UpstreamUnavailable"],
    [502, "UpstreamUnavailable"],
    [503, "UpstreamUnavailable"],
    [504, "UpstreamUnavailable"],
    [529, "UpstreamUnavailable"],
    [204, "UpstreamGarbled"],
  ])("with status %s is %s", (status, tag) => {
    for (const body of ["", "{}", "no", "<html>no</html>", "[]", error({ message: "no" })])
      assert.strictEqual(refused(status, body)._tag, tag)
  })
})

describe("a refusal that is ours to put right", () => {
  it.each([
    [400, error({ code: "model_not_found" })],
    [400, error({ code: "billing_hard_limit_reached", type: "invalid_request_error" })],
    [400, error({ code: 400, status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] })],
    [400, error({ code: 400, status: "FAILED_PRECONDITION", message: "location is not supported" })],
    [
      400,
      { type: "error", error: { type: "invalid_request_error", message: "Your credit balance is too low" } },
    ],
    [400, error({ message: "Model Not Exist", type: "invalid_request_error" })],
    [400, { code: "Arrearage", message: "Access denied" }],
    [400, error({ code: "model_decommissioned" })],
    [429, error({ code: "insufficient_quota", type: "insufficient_quota" })],
    [429, error({ type: "exceeded_current_quota_error" })],
    [429, error({ code: "1113", message: "no" })],
    [429, error({ message: "Your credit balance is exhausted" })],
    [404, error({ code: "DeploymentNotFound" })],
    [500, error({ code: "invalid_api_key" })],
    [400, error({ message: "acme/chat is not a valid model ID", code: 400 })],
    [400, { code: 20012, message: "Model does not exist. Please check it carefully." }],
    [400, error({ message: "The provided model identifier is invalid." })],
    [400, error({ message: "The requested model 'x' is not supported by any provider" })],
    [400, error({ message: "No such thing", param: "model" })],
    [404, error({ message: "No endpoints found for acme/chat", code: 404 })],
    [400, error({ message: "You have reached your specified API usage limits." })],
    [
      429,
      { code: "Some resource has been exhausted", error: "Your team reached its monthly spending limit." },
    ],
    [412, error({ message: "Account is suspended" })],
    [400, error({ message: "API key expired. Please renew the API key.", status: "INVALID_ARGUMENT" })],
    [400, { error: "Unauthorized" }],
  ])("with status %s is UpstreamMisconfigured: %j", (status, body) => {
    assert.strictEqual(refused(status, body)._tag, "UpstreamMisconfigured")
  })
})

describe("a refusal by a filter", () => {
  const azure = { code: "ResponsibleAIPolicyViolation", content_filter_result: { hate: { filtered: true } } }
  it.each([
    [400, error({ code: "content_filter", param: "prompt", innererror: azure })],
    [400, error({ code: null, innererror: azure })],
    [400, error({ code: "content_policy_violation" })],
    [400, error({ code: "invalid_prompt" })],
    [400, error({ type: "content_filter", message: "high risk" })],
    [400, error({ code: "data_inspection_failed" })],
    [400, { code: "DataInspectionFailed", message: "x" }],
    [400, error({ code: "1301", message: "x" })],
    [400, error({ message: "Content Exists Risk", code: "invalid_request_error" })],
    [403, error({ code: 403, message: "x", metadata: { reasons: ["violence"], flagged_input: "x" } })],
    [400, error({ message: "The response was filtered due to content management policy" })],
    [400, error({ message: "Output blocked by content filtering policy" })],
    [400, error({ message: "proxy.ContentPolicyViolationError: no" })],
    [
      403,
      {
        code: "The caller does not have permission to execute the specified operation",
        error: "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO",
      },
    ],
  ])("with status %s is ContentFiltered: %j", (status, body) => {
    assert.strictEqual(refused(status, body)._tag, "ContentFiltered")
  })

  it("is found in a body that is cut", () => {
    const body = JSON.stringify(error({ code: "content_filter", message: "x".repeat(5000) })).slice(0, 4096)
    assert.strictEqual(refused(400, body)._tag, "ContentFiltered")
  })
})

describe("a refusal of a long conversation", () => {
  it.each([
    [400, error({ code: "context_length_exceeded", type: "invalid_request_error" })],
    [400, error({ code: "string_above_max_length" })],
    [422, { detail: [{ type: "string_too_long", loc: ["body"], msg: "x" }] }],
    [400, { object: "error", message: "This model's maximum context length is 4096 tokens", code: 400 }],
    [400, { type: "error", error: { type: "invalid_request_error", message: "prompt is too long: 2 > 1" } }],
    [400, error({ message: "input length and `max_tokens` exceed context limit: 1 + 2 > 2" })],
    [400, error({ message: "The input token count (9) exceeds the maximum number of tokens allowed (8)." })],
    [400, error({ type: "exceed_context_size_error", message: "exceeds the available context size" })],
    [500, error({ message: "the request exceeds the available context size" })],
    [500, { error: "the input length exceeds the context length" }],
    [400, error({ message: "This model's maximum prompt length is 131072 but the request contains 9" })],
    [400, error({ message: "Please reduce the length of the messages or completion." })],
    [422, { error: "`inputs` tokens + `max_new_tokens` must be <= 8193", error_type: "validation" }],
    [400, error({ message: "The decoder prompt (length 9) is longer than the maximum model length of 8." })],
    [400, error({ message: "Input length (9 tokens) exceeds the maximum allowed length (8 tokens)." })],
    [422, { error: "Input validation error: `inputs` must have less than 8 tokens. Given: 9" }],
    [400, error({ message: "the number of input tokens 9 cannot exceed the total tokens limit 8" })],
    [400, error({ message: "Prompt length 9 is greater than max_seq_len 8" })],
    [400, error({ message: "Total tokens of image and text exceed max message tokens" })],
    [400, error({ message: "prompt token count of 9 exceeds the limit of 8" })],
    [400, error({ message: "proxy.ContextWindowExceededError: no" })],
    [500, error({ message: "context shift is disabled", code: 500 })],
    [413, error({ code: "tokens_limit_reached" })],
    [413, error({ code: "rate_limit_exceeded", type: "tokens" })],
    [429, error({ code: "rate_limit_exceeded", message: "Request too large for m-1: Limit 8, Requested 9" })],
  ])("with status %s is ContextTooLong: %j", (status, body) => {
    assert.strictEqual(refused(status, body)._tag, "ContextTooLong")
  })

  it("is not a limit of tokens a minute, or of a field", () => {
    const perMinute = error({ message: "too many tokens: your limit is 40,000 input tokens per minute" })
    assert.strictEqual(refused(429, perMinute)._tag, "UpstreamRateLimited")
    const field = error({ message: "max_tokens is too large: 9. This model supports at most 8 tokens" })
    assert.strictEqual(refused(400, field)._tag, "UpstreamRejected")
    const output = "`max_tokens` must be less than 8, the maximum is less than the `context_window`"
    for (const message of [
      output,
      "temperature must be <= 1",
      "max_tokens: 9 > 8, which is the maximum allowed",
    ])
      assert.strictEqual(refused(400, error({ message }))._tag, "UpstreamRejected")
  })
})

describe("the detail of a refusal", () => {
  it("is its codes", () => {
    const about = error({
      message: "no",
      code: "bad_value",
      type: "invalid_request_error",
      param: "messages[0]",
    })
    const found = refused(400, about)
    assert.strictEqual(upstreamCodes(found), "400 bad_value|invalid_request_error|messages[0]")
    assert.strictEqual(
      upstreamCodes(refused(503, error({ code: 503, status: "UNAVAILABLE" }))),
      "503 UNAVAILABLE",
    )
    assert.strictEqual(upstreamCodes(refused(400, "no")), "400")
    assert.strictEqual(upstreamCodes(refused(429, error({ code: "rate_limit" }))), "429 rate_limit")
    assert.strictEqual(upstreamCodes(refused(400, error({ code: "content_filter" }))), "400 content_filter")
  })

  it.each([
    "sk-canary-0000",
    "key sk_canary is bad",
    "AIzaSyCanary0000000000",
    "0123456789abcdef0123456789abcdef",
    "https://llm.internal/v1",
    "x".repeat(65),
    "a\nb",
  ])("does not repeat %j", (secret) => {
    const about = error({ message: secret, code: secret, type: secret, param: secret, status: secret })
    for (const status of [400, 401, 429, 500])
      assert.notInclude(JSON.stringify(refused(status, about)), JSON.stringify(secret).slice(1, -1))
  })

  it.prop("is never more than identifiers, whatever the body is", [Schema.Json, Schema.Json], ([a, b]) => {
    for (const body of [
      a,
      { error: a },
      { error: { code: a, type: b, message: a, details: [b], metadata: b } },
    ]) {
      const found = refused(400, body)
      if ("detail" in found && found.detail !== undefined) assert.match(found.detail, /^[\w.[\] |]*$/)
    }
  })
})

describe("the wait that a refusal asks for", () => {
  it("is read from the body if the headers have none", () => {
    const retry = { details: [{ retryDelay: "17s" }] }
    assert.deepInclude(refused(429, error(retry)), { retryAfterMs: 17_000 })
    assert.deepInclude(refused(429, error({ retry_after: 1.5 })), { retryAfterMs: 1500 })
    assert.notProperty(refused(429, error({ details: [{ retryDelay: "soon" }] })), "retryAfterMs")
  })
})
