import { assert, describe, it } from "@effect/vitest"
import { hasOneSpelling, pathOf } from "../../src/http/RequestPath.ts"

describe("the path of a request", () => {
  it("ends before the query", () => {
    assert.strictEqual(pathOf("/docs?a=/b?c"), "/docs")
    assert.strictEqual(pathOf("/docs"), "/docs")
  })

  it.each([
    "/%6detrics",
    "/%4DETRICS",
    "/metric%73",
    "/metrics;x=1",
    "/metrics#x",
    "/%2e/metrics",
    "/%2E%2e/metrics",
    "/open%61pi%2ejson",
    "/%31",
    "/a%5Fb",
    "*",
    "",
    "docs",
  ])("has one spelling, which is not %s", (path) => {
    assert.isFalse(hasOneSpelling(path))
  })

  it("may hold whatever encodeURIComponent writes", () => {
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCodePoint(code)
      assert.isTrue(hasOneSpelling(`/orgs/${encodeURIComponent(character)}`), character)
    }
  })
})
