import { assert, describe, it } from "@effect/vitest"
import * as DeliveryRules from "../../src/notify/DeliveryRules.ts"

const answer = (status: number, fields: Partial<Parameters<typeof DeliveryRules.verdictOf>[0]> = {}) =>
  DeliveryRules.verdictOf({ form: "slack", status, retryAfter: undefined, text: "", ...fields }, 0)

describe("the verdict on an answer", () => {
  it("accepts every 2xx", () => {
    for (const status of [200, 202, 204])
      assert.deepStrictEqual(answer(status), { _tag: "delivered", status })
  })

  it("does not take a failure in an answer of 200 as a delivery", () => {
    const teams =
      "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x"
    assert.deepStrictEqual(answer(200, { form: "teams", text: teams }), {
      _tag: "failed",
      status: 200,
      reason: "answered 200, but the teams text says that it failed",
      retryAfterMs: 0,
    })
    for (const text of ['{"ok":false,"error":"rate_limited"}', ' {"error": "x", "success" : false}'])
      assert.deepInclude(answer(200, { text }), { _tag: "failed", retryAfterMs: 0 })
    for (const text of ["ok", "1", "", '{"ok":true}', '{"success":true}', "<html>"])
      assert.deepInclude(answer(200, { text }), { _tag: "delivered" })
    assert.deepInclude(answer(200, { form: "json", text: '{"ok":false}' }), { _tag: "delivered" })
  })

  it("retries 408, 429 and 5xx, and no other refusal", () => {
    for (const status of [408, 429, 500, 502, 503])
      assert.deepInclude(answer(status), { _tag: "failed", status, retryAfterMs: 0 })
    for (const status of [301, 302, 307, 400, 401, 403, 404, 410, 413])
      assert.deepInclude(answer(status), { _tag: "failed", status, retryAfterMs: undefined })
  })

  it("waits as long as the receiver asks for", () => {
    assert.deepInclude(answer(429, { retryAfter: "30" }), { retryAfterMs: 30_000 })
    assert.deepInclude(answer(503, { retryAfter: "nonsense" }), { retryAfterMs: 0 })
  })

  it("shows only the known words of Slack", () => {
    assert.deepInclude(answer(404, { text: "no_service\n" }), { reason: "answered 404 (no_service)" })
    assert.deepInclude(answer(400, { text: "https://hooks.example/secret" }), { reason: "answered 400" })
    assert.deepInclude(answer(302), { reason: "answered 302; redirects are not followed" })
  })
})

describe("the wait before the next try", () => {
  it("doubles from one second to one minute, minus up to a half", () => {
    const waits = [1, 2, 3, 7, 50].map((tries) => DeliveryRules.waitMs(0, tries, 0, 0))
    assert.deepStrictEqual(waits, [1000, 2000, 4000, 60_000, 60_000])
    assert.strictEqual(DeliveryRules.waitMs(0, 1, 0, 1), 500)
  })

  it("is never shorter than the receiver asks for", () => {
    assert.strictEqual(DeliveryRules.waitMs(45_000, 1, 0, 0.5), 45_000)
  })

  it("ends after a quarter of an hour, and at once for a final refusal", () => {
    assert.isUndefined(DeliveryRules.waitMs(undefined, 1, 0, 0))
    assert.isUndefined(DeliveryRules.waitMs(0, 20, DeliveryRules.longestDeliveryMs - 30_000, 0))
    assert.isUndefined(DeliveryRules.waitMs(DeliveryRules.longestDeliveryMs + 1, 1, 0, 0))
    assert.strictEqual(DeliveryRules.waitMs(0, 20, DeliveryRules.longestDeliveryMs - 60_000, 0), 60_000)
  })
})
