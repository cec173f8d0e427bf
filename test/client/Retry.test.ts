import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { connectionLost, CrossfadeError, errorOfResponse } from "../../src/client/CrossfadeError.ts"
import { delayAfter } from "../../src/client/Retry.ts"

const failing = (error: CrossfadeError, failures = 0, failingMs = 0, random = 1) =>
  delayAfter({ error, failures, failingMs, random }, 60_000)
const refused = (status: number, retryAfter?: number) => new CrossfadeError("X", "x", { status, retryAfter })

describe("the next try", () => {
  it("follows a lost connection after a delay that doubles up to 8 s", () => {
    const delays = Array.from({ length: 8 }, (_, failures) => failing(connectionLost("x"), failures))
    assert.deepStrictEqual(delays, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000])
    assert.strictEqual(failing(connectionLost("x"), 1, 0, 0), 250)
  })

  it("waits at least as long as Retry-After says", () => {
    assert.strictEqual(failing(refused(503, 4), 0), 4250)
    assert.strictEqual(failing(refused(429, 60), 0), undefined)
  })

  it("follows refusals that pass, and an internal error once", () => {
    for (const status of [408, 429, 502, 503, 504]) assert.strictEqual(failing(refused(status)), 250)
    for (const status of [400, 401, 403, 404, 409, 422]) assert.isUndefined(failing(refused(status)))
    assert.deepStrictEqual([failing(refused(500), 0), failing(refused(500), 1)], [250, undefined])
  })

  it("follows the end of a connection whose run continues, and no other code without a status", () => {
    for (const code of ["SHUTTING_DOWN", "EVENTS_UNAVAILABLE", "AUTH_TOKEN_EXPIRED"])
      assert.strictEqual(failing(new CrossfadeError(code, "x")), 250)
    assert.isUndefined(failing(new CrossfadeError("TOKEN_UNAVAILABLE", "x")))
  })

  it.prop(
    "never ends after the bound",
    [Schema.Int, Schema.Int, Schema.Finite],
    ([failures, failingMs, random]) => {
      const sinceMs = Math.abs(failingMs) % 100_000
      const delay = failing(connectionLost("x"), Math.abs(failures) % 50, sinceMs, Math.abs(random) % 1)
      if (delay !== undefined) assert.isAtMost(sinceMs + delay, 60_000)
    },
  )
})

describe("the error of a response", () => {
  const now = Date.UTC(2026, 0, 1)
  const of = (body: string, headers: Record<string, string> = {}) =>
    errorOfResponse(503, body, new Headers(headers), now)

  it("has the gateway's code, and the number of seconds in the body or the header", () => {
    const body = {
      success: false,
      error: { code: "OVERLOADED", message: "m", retryAfter: 5, requestId: "q" },
    }
    assert.include(of(JSON.stringify(body)), {
      code: "OVERLOADED",
      retryAfter: 5,
      requestId: "q",
      status: 503,
    })
    assert.strictEqual(of("{}", { "retry-after": "7" }).retryAfter, 7)
    assert.strictEqual(of("{}", { "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" }).retryAfter, 9)
    assert.isUndefined(of("{}", { "retry-after": "soon" }).retryAfter)
  })

  it("has a code of its own for a proxy's page", () => {
    for (const body of ["<html>", "", "null", '{"error":"x"}'])
      assert.strictEqual(of(body).code, "UNEXPECTED_RESPONSE")
  })
})
