import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { publicFileId } from "../../../src/execution/runtime/RuntimeFileId.ts"

describe("the public id of a runtime's file", () => {
  it.each(["f-1", "a/b", "../x?", "日本 語", "%2e", "x".repeat(500)])("is %j as it is", (id) => {
    assert.strictEqual(publicFileId(id), id)
  })

  const odd = ["", ".", "..", "\ud800 half", "\ud801 half", "x".repeat(501), "é".repeat(100)]

  it("is a hash where a URL or an index takes no such id, another one for each", () => {
    const ids = odd.map(publicFileId)
    for (const id of ids) assert.match(id, /^file-[\w-]{43}$/)
    assert.strictEqual(new Set(ids).size, odd.length)
  })

  it.prop("comes back from a URL as it was stored", [Schema.String], ([id]) => {
    const found = publicFileId(id)
    assert.strictEqual(decodeURIComponent(encodeURIComponent(found)), found)
    const { pathname } = new URL(`http://x/files/${encodeURIComponent(found)}`)
    assert.strictEqual(pathname, `/files/${encodeURIComponent(found)}`)
  })
})
