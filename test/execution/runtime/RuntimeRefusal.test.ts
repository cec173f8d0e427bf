import { assert, describe, it } from "@effect/vitest"
import { errorPolicyOf } from "../../../src/execution/ExecutionError.ts"
import * as RuntimeRefusal from "../../../src/execution/runtime/RuntimeRefusal.ts"

const secret = "the user's own words"
const pydantic = JSON.stringify({
  detail: [
    { type: "missing", loc: ["body", "agent_config", "model"], msg: "Field required", input: secret },
    { type: "list_type", loc: ["body", 0], msg: "Input should be a valid list", input: secret },
  ],
})

describe("a refusal of the runtime", () => {
  it.each([301, 302, 307, 308, 401, 402, 403, 404, 405, 410])(
    "with %d is a fault of the configuration, which counts against the runtime",
    (status) => {
      const error = RuntimeRefusal.errorOf(status, "", undefined)
      assert.deepInclude(error, { _tag: "UpstreamMisconfigured", status })
      assert.deepInclude(errorPolicyOf(error), { outcome: "error", retry: false, next: true })
    },
  )

  it.each([400, 409, 413, 415, 422])("with %d is a fault of the request", (status) => {
    const error = RuntimeRefusal.errorOf(status, pydantic, undefined)
    assert.deepInclude(error, {
      _tag: "UpstreamRejected",
      status,
      detail: "missing body.agent_config.model",
    })
  })

  it("names the first problem and nothing that was sent, also where the body is cut", () => {
    assert.strictEqual(RuntimeRefusal.detailOf(pydantic.slice(0, 90)), "missing body.agent_config.model")
    for (const body of [
      "",
      "{",
      secret,
      JSON.stringify({ detail: secret }),
      JSON.stringify({ detail: [secret] }),
    ])
      assert.strictEqual(RuntimeRefusal.detailOf(body), "")
    const nested = JSON.stringify({ x: { detail: [{ type: "a", loc: [secret] }] } })
    assert.strictEqual(RuntimeRefusal.detailOf(nested), "")
  })

  it("keeps the wait of a busy runtime, and takes other 5xx for a failure that may have begun", () => {
    assert.deepInclude(RuntimeRefusal.errorOf(429, "", 5), { _tag: "UpstreamRateLimited", retryAfterMs: 5 })
    assert.deepInclude(RuntimeRefusal.errorOf(503, "", undefined), { _tag: "UpstreamUnavailable" })
    assert.deepInclude(RuntimeRefusal.errorOf(500, "", undefined), {
      _tag: "UpstreamFailed",
      httpStatus: 500,
    })
  })
})
