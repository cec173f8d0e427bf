import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type { Outcome } from "../../src/domain/Outcome.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import { failureText, upstreamCodes } from "../../src/execution/FailureText.ts"
import { parseRetryAfter } from "../../src/domain/RetryAfterHeader.ts"
import { noon } from "../support/fixtures.ts"

const upstream = "runtime"
const examples = {
  UpstreamUnreachable: new E.UpstreamUnreachable({ upstream }),
  UpstreamUnavailable: new E.UpstreamUnavailable({ upstream, status: 503 }),
  UpstreamRejected: new E.UpstreamRejected({ upstream, status: 422, detail: "{}" }),
  UpstreamRateLimited: new E.UpstreamRateLimited({ upstream, retryAfterMs: 10 }),
  UpstreamTruncated: new E.UpstreamTruncated({ upstream }),
  UpstreamGarbled: new E.UpstreamGarbled({ upstream, detail: "" }),
  UpstreamFailed: new E.UpstreamFailed({ upstream, code: "", message: "" }),
  UpstreamEmpty: new E.UpstreamEmpty({ upstream }),
  UpstreamCancelled: new E.UpstreamCancelled({ upstream }),
  ContentFiltered: new E.ContentFiltered({ upstream }),
  ContextTooLong: new E.ContextTooLong({ upstream }),
  AgentMisconfigured: new E.AgentMisconfigured({ upstream, detail: "mcp_address_refused" }),
  AttachmentsRefused: new E.AttachmentsRefused({ upstream, detail: "takes no pdf" }),
  AttachmentUnreadable: new E.AttachmentUnreadable({ upstream, detail: "deleted" }),
  UpstreamMisconfigured: new E.UpstreamMisconfigured({ upstream, status: 401 }),
  FirstContentTimeout: new E.FirstContentTimeout({ upstream, afterMs: 1 }),
  FirstProgressTimeout: new E.FirstProgressTimeout({ upstream, afterMs: 1 }),
  StallTimeout: new E.StallTimeout({ upstream, afterMs: 1 }),
  CallTimeout: new E.CallTimeout({ upstream, afterMs: 1 }),
  TotalTimeout: new E.TotalTimeout({ upstream, afterMs: 1 }),
} satisfies { readonly [Tag in E.ExecutionError["_tag"]]: E.ExecutionError }

describe("the policy of an execution error", () => {
  const table: ReadonlyArray<readonly [keyof typeof examples, string, Outcome, boolean, boolean]> = [
    ["UpstreamUnreachable", "UPSTREAM_UNREACHABLE", "error", true, true],
    ["UpstreamUnavailable", "UPSTREAM_UNAVAILABLE", "error", true, true],
    ["UpstreamRejected", "UPSTREAM_REJECTED", "neutral", false, true],
    ["UpstreamRateLimited", "UPSTREAM_RATE_LIMITED", "neutral", true, true],
    ["UpstreamTruncated", "UPSTREAM_TRUNCATED", "error", false, true],
    ["UpstreamGarbled", "UPSTREAM_GARBLED", "error", false, true],
    ["UpstreamFailed", "UPSTREAM_FAILED", "error", false, true],
    ["UpstreamEmpty", "UPSTREAM_EMPTY", "error", false, true],
    ["UpstreamCancelled", "EXECUTION_CANCELLED", "neutral", false, false],
    ["ContentFiltered", "CONTENT_FILTERED", "neutral", false, false],
    ["ContextTooLong", "CONTEXT_TOO_LONG", "neutral", false, true],
    ["AgentMisconfigured", "AGENT_MISCONFIGURED", "neutral", false, true],
    ["AttachmentsRefused", "ATTACHMENTS_REFUSED", "neutral", false, true],
    ["AttachmentUnreadable", "ATTACHMENT_UNREADABLE", "neutral", false, false],
    ["UpstreamMisconfigured", "UPSTREAM_MISCONFIGURED", "error", false, true],
    ["FirstContentTimeout", "TIMEOUT_FIRST_CONTENT", "timeout_first_content", false, true],
    ["FirstProgressTimeout", "TIMEOUT_FIRST_PROGRESS", "timeout_first_content", false, true],
    ["StallTimeout", "TIMEOUT_STALL", "timeout_stall", false, true],
    ["CallTimeout", "TIMEOUT_CALL", "timeout_stall", false, true],
    ["TotalTimeout", "TIMEOUT_TOTAL", "timeout_total", false, true],
  ]

  it.each(table)("%s is %s, counts as %s, retry %s, next %s", (tag, code, outcome, retry, next) => {
    const meaning = E.errorPolicyOf(examples[tag])
    assert.deepInclude(meaning, { code, outcome, retry, next })
    assert.match(meaning.message, /^[A-Z].*\.$/)
  })

  it("has a row for every error, each with a code of its own", () => {
    assert.sameMembers(
      table.map(([tag]) => tag),
      Object.keys(examples),
    )
    assert.strictEqual(
      new Set(Object.values(examples).map((error) => E.errorPolicyOf(error).code)).size,
      table.length,
    )
  })

  it("passes on the upstream's own code, but none of its words", () => {
    const failed = new E.UpstreamFailed({
      upstream,
      code: "EXTERNAL_TOOL_TIMEOUT",
      message: "connect db-7.internal",
      details: { sql: "SELECT 1" },
    })
    const { code, message } = E.errorPolicyOf(failed)
    assert.strictEqual(code, "EXTERNAL_TOOL_TIMEOUT")
    assert.strictEqual(message, E.errorPolicyOf(examples.UpstreamFailed).message)
  })

  it("gives operators all of them, in one line, and the log the codes alone", () => {
    const failed = new E.UpstreamFailed({
      upstream,
      code: "X",
      message: "line one\r\nline two\u0000",
      httpStatus: 504,
      details: { a: 1 },
      traceId: "t1",
    })
    assert.strictEqual(failureText(failed), '504 X line one line two  {"a":1} trace t1')
    assert.strictEqual(upstreamCodes(failed), "504")
    const long = new E.UpstreamFailed({ upstream, code: "", message: "\u{1f44d}".repeat(1000) })
    assert.isAtMost(failureText(long)!.length, 500)
    assert.isTrue(failureText(long)!.isWellFormed())
    assert.isNull(failureText(examples.UpstreamEmpty))
  })

  it.each([
    "",
    "lower",
    "1A",
    "A-B",
    "A B",
    "A\nB",
    "A".repeat(65),
    "É",
    "AKIA0000EXAMPLE0000X",
    "KEY_0123456789AB",
    "__proto__",
  ])("does not pass on %j, which is no code", (code) => {
    const failed = new E.UpstreamFailed({ upstream, code, message: "" })
    assert.deepInclude(E.errorPolicyOf(failed), {
      code: "UPSTREAM_FAILED",
      message: E.errorPolicyOf(examples.UpstreamFailed).message,
    })
  })

  it("returns a Retry-After only if the upstream sent one", () => {
    assert.strictEqual(E.retryAfterOf(examples.UpstreamRateLimited), 10)
    assert.isUndefined(E.retryAfterOf(examples.UpstreamUnavailable))
    assert.isUndefined(E.retryAfterOf(examples.StallTimeout))
  })
})

describe("parseRetryAfter", () => {
  // A date without a zone means GMT, in any time zone of the server.
  const { TZ } = process.env
  beforeAll(() => {
    process.env["TZ"] = "Asia/Tokyo"
  })
  afterAll(() => {
    if (TZ === undefined) delete process.env["TZ"]
    else process.env["TZ"] = TZ
  })

  const cases: ReadonlyArray<readonly [string | undefined, number | undefined]> = [
    [undefined, undefined],
    ["0", 0],
    ["120", 120_000],
    [" 5 ", 5000],
    ["Sun, 22 Nov 2026 12:00:07 GMT", 7000],
    ["Sunday, 22-Nov-26 12:00:07 GMT", 7000],
    ["Sun Nov 22 12:00:07 2026", 7000],
    ["Sun, 22 Nov 2026 11:59:00 GMT", 0],
    ["", undefined],
    ["soon", undefined],
    ["-5", undefined],
    ["1.5", 1500],
    ["0.0001", 1],
    [".5", undefined],
    ["5 seconds", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["rubbish 2099", undefined],
    ["2099-01-01", undefined],
    ["Sun, 99 Nov 2026 12:00:07 GMT", undefined],
    ["5, 10", undefined],
  ]
  it.each(cases)("reads %j as %s milliseconds", (header, expected) => {
    assert.strictEqual(parseRetryAfter(header, noon), expected)
  })

  it.prop("never throws and gives a time that an error can carry", [Schema.String], ([header]) => {
    const retryAfterMs = parseRetryAfter(header, noon)
    if (retryAfterMs !== undefined)
      assert.isAtLeast(new E.UpstreamRateLimited({ upstream, retryAfterMs }).retryAfterMs ?? -1, 0)
  })

  it("a number of any length is a time that an error can carry", () => {
    const retryAfterMs = parseRetryAfter("9".repeat(400), noon) ?? 0
    assert.isAbove(new E.UpstreamRateLimited({ upstream, retryAfterMs }).retryAfterMs ?? 0, 86_400_000)
  })
})
