import { assert, describe, it } from "@effect/vitest"
import { parseDuration, retryAfterOf } from "../../../src/execution/direct/RetryAfter.ts"
import { noon } from "../../support/fixtures.ts"

const read = (headers: Readonly<Record<string, string>>, inBody?: number) =>
  retryAfterOf((name) => headers[name], inBody, noon)

describe("the wait that a provider asks for", () => {
  it.each([
    [{ "retry-after": "3" }, 3000],
    [{ "retry-after": "1.5" }, 1500],
    [{ "retry-after": "Sun, 22 Nov 2026 12:00:03 GMT" }, 3000],
    [{ "retry-after-ms": "250" }, 250],
    [{ "retry-after-ms": "249.5", "retry-after": "1" }, 250],
    [{ "retry-after-ms": "soon", "retry-after": "1" }, 1000],
    [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66s" }, 7660],
    [{ "x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "7.66s" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{}, undefined],
  ])("in %j is %s ms", (headers, expected) => {
    assert.strictEqual(read(headers), expected)
  })

  it("is in the body where no header says it", () => {
    assert.strictEqual(read({}, 17_000), 17_000)
    assert.strictEqual(read({ "retry-after": "1" }, 17_000), 1000)
  })

  it.each([
    ["17s", 17_000],
    ["0.25s", 250],
    ["6m0s", 360_000],
    ["1h2m3.5s", 3_723_500],
    ["120ms", 120],
    ["", undefined],
    ["17", undefined],
    ["-1s", undefined],
    ["s", undefined],
    [17, undefined],
  ])("as the duration %j is %s ms", (text, expected) => {
    assert.strictEqual(parseDuration(text), expected)
  })
})
