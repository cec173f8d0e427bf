import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { shapeOf } from "../../src/http/JsonScan.ts"

/** The same by recursion over what the text means. */
const reference = (value: unknown): { readonly depth: number; readonly entries: number } => {
  if (typeof value !== "object" || value === null) return { depth: 0, entries: 0 }
  const items = Object.values(value).map(reference)
  return {
    depth: 1 + Math.max(0, ...items.map(({ depth }) => depth)),
    entries: 1 + Math.max(0, items.length - 1) + items.reduce((sum, { entries }) => sum + entries, 0),
  }
}

describe("the shape of a JSON text", () => {
  it.prop("is that of the value, however it is written", [Schema.Json], ([value]) => {
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      assert.deepStrictEqual(shapeOf(text), reference(JSON.parse(text)))
    }
  })

  it.prop("takes nothing inside a string for a bracket or a comma", [Schema.String], ([text]) => {
    const written = JSON.stringify([`{[,"\\${text}\\"`, { [`]}${text}\\`]: text }])
    assert.deepStrictEqual(shapeOf(written), { depth: 2, entries: 3 })
  })

  it("counts brackets that are never closed, and ends at the end of a text that is not JSON", () => {
    assert.deepStrictEqual(shapeOf("[".repeat(100)), { depth: 100, entries: 100 })
    assert.deepStrictEqual(shapeOf("[[]]]]]][[[["), { depth: 2, entries: 6 })
    for (const text of ["", '"', '"\\', '["[[[', "\ud800"]) assert.isAtMost(shapeOf(text).depth, 1)
  })
})
