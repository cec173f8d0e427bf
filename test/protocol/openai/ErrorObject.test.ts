import { assert, describe, it } from "@effect/vitest"
import { errorBody, ofRun, statusOf } from "../../../src/protocol/openai/ErrorObject.ts"
import type { PublicError } from "../../../src/protocol/PublicError.ts"

const errorOf = (error: PublicError) => JSON.parse(errorBody(error).body).error

describe("an error of a request", () => {
  it("names the first wrong field, and all of them in the message", () => {
    const details = [
      { path: "payload.messages.0.content", message: "Missing key" },
      { path: "payload.n", message: "Expected 1" },
    ]
    assert.deepStrictEqual(errorOf({ code: "VALIDATION_FAILED", message: "No.", details }), {
      message: "messages.0.content: Missing key; n: Expected 1",
      type: "invalid_request_error",
      param: "messages.0.content",
      code: "VALIDATION_FAILED",
    })
    const whole = [{ path: "payload", message: "Bad" }]
    const error = errorOf({ code: "VALIDATION_FAILED", message: "No.", details: whole })
    assert.deepInclude(error, { message: "body: Bad", param: null })
  })

  it.each<readonly [PublicError["code"], string, string]>([
    ["AGENT_NOT_FOUND", "invalid_request_error", "model_not_found"],
    ["AUTH_KEY_INVALID", "authentication_error", "invalid_api_key"],
    ["AUTH_PERMISSION_DENIED", "permission_error", "AUTH_PERMISSION_DENIED"],
    ["RATE_LIMIT_USER", "rate_limit_error", "rate_limit_exceeded"],
    ["TOKEN_BUDGET_EXCEEDED", "insufficient_quota", "insufficient_quota"],
    ["OVERLOADED", "server_error", "OVERLOADED"],
  ])("has the type and the code that clients know: %s", (code, type, known) => {
    assert.deepInclude(errorOf({ code, message: "No." }), { type, code: known, message: "No." })
  })
})

describe("an error of a run", () => {
  it.each([
    ["CONTENT_FILTERED", 400],
    ["CONTEXT_TOO_LONG", 400],
    ["INTERRUPT", 422],
    ["UPSTREAM_RATE_LIMITED", 429],
    ["EXECUTION_CANCELLED", 499],
    ["INTERNAL_ERROR", 500],
    ["UPSTREAM_UNREACHABLE", 502],
    ["THE_RUNTIMES_OWN", 502],
    ["OVERLOADED", 503],
    ["TIMEOUT_STALL", 504],
  ])("has a status by its code: %s", (code, status) => {
    assert.strictEqual(statusOf(code), status)
  })

  it("never takes a word of the language for a known code", () => {
    assert.strictEqual(statusOf("constructor"), 502)
    assert.strictEqual(ofRun({ code: "toString", message: "x" }).error.code, "toString")
  })
})
