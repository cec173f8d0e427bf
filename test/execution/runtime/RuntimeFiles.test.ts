import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { within } from "../../../src/execution/runtime/RuntimeFiles.ts"

const base = "http://runtime:8801"
const below = "http://runtime:8801/rt"

describe("the address of a runtime's file", () => {
  const inside: ReadonlyArray<readonly [string, string, string]> = [
    [base, "/files/f1/a.csv", `${base}/files/f1/a.csv`],
    [base, "files/f1", `${base}/files/f1`],
    [base, "/files/é 1?x=1", `${base}/files/%C3%A9%201?x=1`],
    [base, `${base}/files/f1`, `${base}/files/f1`],
    [base, "/a/../b", `${base}/b`],
    [below, "files/f1", `${below}/files/f1`],
    [below, "/rt/files/f1", `${below}/files/f1`],
    [below, "a/../files", `${below}/files`],
  ]
  it.each(inside)("joins %j and %j to %j", (at, path, expected) => {
    assert.strictEqual(within(at, path)?.href, expected)
  })

  const outside: ReadonlyArray<string> = [
    "http://evil.example/files/f1",
    "https://runtime:8801/files/f1",
    "http://runtime:8802/f1",
    "http://runtime/f1",
    "http://runtime.evil.example:8801/f1",
    "//evil.example/f1",
    "\\\\evil.example\\f1",
    "/\\evil.example/f1",
    "\t//evil.example/f1",
    "http:\\\\evil.example",
    "http://runtime:8801@evil.example/f1",
    "http://user@runtime:8801/f1",
    "http://user:password@runtime:8801/f1",
    "http://:password@runtime:8801/f1",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]:8801/f1",
    "file:///etc/passwd",
    "data:text/html,x",
    "javascript:alert(1)",
    "http://",
    "http://[",
  ]
  it.each(outside)("fault 11: X5: leads nowhere for %j", (path) => {
    assert.isUndefined(within(base, path))
    assert.isUndefined(within(below, path))
  })

  it.each(["../f1", "/f1", "a/../../f1", "..", "%2e%2e/f1", "..\\f1", "/rt/../f1", "/rtx/f1", `${base}/f1`])(
    "X5: does not leave the runtime's own path by %j",
    (path) => {
      assert.isUndefined(within(below, path))
    },
  )

  it("leads nowhere without a runtime", () => {
    assert.isUndefined(within("", "/files/f1"))
  })

  it.prop("never throws, and never names another host or credentials", [Schema.String], ([path]) => {
    for (const at of [base, below, ""]) {
      const url = within(at, path)
      if (url !== undefined) assert.deepStrictEqual([url.origin, url.username, url.password], [base, "", ""])
    }
  })
})
