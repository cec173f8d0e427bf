import { describe, expect, it } from "vitest"
import * as JsonPatch from "../../../src/execution/ag-ui/JsonPatch.ts"

const document = { a: { "b/c": 1, "~d": 2 }, list: [1, 2] }

describe("a JSON Patch", () => {
  it.each<readonly [string, Parameters<typeof JsonPatch.apply>[1], unknown]>([
    ["adds a field", [{ op: "add", path: "/e", value: 3 }], { ...document, e: 3 }],
    [
      "adds to the end of a list",
      [{ op: "add", path: "/list/-", value: 3 }],
      { ...document, list: [1, 2, 3] },
    ],
    ["inserts into a list", [{ op: "add", path: "/list/0", value: 0 }], { ...document, list: [0, 1, 2] }],
    ["removes from a list", [{ op: "remove", path: "/list/0" }], { ...document, list: [2] }],
    [
      "replaces at an escaped path",
      [{ op: "replace", path: "/a/b~1c", value: 9 }],
      { ...document, a: { "b/c": 9, "~d": 2 } },
    ],
    ["removes at an escaped path", [{ op: "remove", path: "/a/~0d" }], { ...document, a: { "b/c": 1 } }],
    ["replaces the whole", [{ op: "replace", path: "", value: 1 }], 1],
    ["moves", [{ op: "move", from: "/list", path: "/a/list" }], { a: { ...document.a, list: [1, 2] } }],
    ["copies", [{ op: "copy", from: "/list/0", path: "/list/-" }], { ...document, list: [1, 2, 1] }],
    ["tests", [{ op: "test", path: "/list", value: [1, 2] }], document],
  ])("%s", (_, patch, expected) => {
    expect(JsonPatch.apply(document, patch)).toEqual(expected)
  })

  it.each<readonly [string, Parameters<typeof JsonPatch.apply>[1]]>([
    ["an absent field", [{ op: "remove", path: "/x" }]],
    ["an absent place", [{ op: "add", path: "/x/y", value: 1 }]],
    ["an index beyond the list", [{ op: "add", path: "/list/7", value: 1 }]],
    ["a path without a slash", [{ op: "add", path: "a", value: 1 }]],
    ["a test that fails", [{ op: "test", path: "/list", value: [1] }]],
    ["a field of a prototype", [{ op: "copy", from: "/constructor", path: "/x" }]],
  ])("does not fit %s", (_, patch) => {
    expect(JsonPatch.apply(document, patch)).toBeUndefined()
  })

  it("leaves prototypes alone", () => {
    JsonPatch.apply({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }])
    expect("polluted" in {}).toBe(false)
  })
})
