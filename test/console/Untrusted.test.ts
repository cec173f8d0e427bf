/** Rules of the console for values that models, tools and other users wrote. */
import { describe, expect, it } from "vitest"
import { visible } from "../../src/domain/PlainText.ts"
import { markdownOf } from "../../src/console/chat/AnswerMarkdown.ts"
import { csvText } from "../../src/console/kit/Csv.ts"
import { decoded } from "../../src/console/markdown/Blocks.ts"
import { addressOf } from "../../src/console/parts/Address.ts"
import { csvOf, sortedRows, textOfCell, valueOf } from "../../src/console/parts/TableRules.ts"

const id = "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1a"
const kindOf = (url: string) => addressOf(url, "https://chat.example").kind

describe("the address of an image or a file", () => {
  it.each([
    [`/api/v1/chat/runs/${id}/files/a.png`, "own"],
    [`https://chat.example/api/v1/files/${id}`, "own"],
    [`/api/v1/files/${id}?ticket=t`, "own"],
    ["/api/v1/runtime/live", "refused"],
    [`/api/v1/runtime/runs/${id}?content=true`, "refused"],
    [`/api/v1/runtime/runs/${id}/events`, "refused"],
    [`/api/v1/chat/runs/${id}/events`, "refused"],
    [`/api/v1/chat/runs/${id}/files/../../../../runtime/live`, "refused"],
    [`/api/v1/chat/runs/${id}/files/%2e%2e/events`, "refused"],
    ["/api/v1/files/", "refused"],
    ["/#token=x", "refused"],
    ["//evil.test/x.png", "link"],
    ["https://chat.example@evil.test/x", "link"],
    ["javascript:alert(1)", "refused"],
    ["blob:https://chat.example/x", "refused"],
    ["file:///etc/passwd", "refused"],
  ])("reads files of the gateway alone with the token: %s", (url, kind) => {
    expect(kindOf(url)).toBe(kind)
  })
})

describe("a table", () => {
  const columns = ["__proto__", "constructor", "toString", "a"].map((key) => ({ key, title: key }))
  const own = JSON.parse('{"__proto__": {"x": 1}, "constructor": "c", "a": 2}')
  const rows = [{ a: 1 }, own]

  it("has the cells of its rows, and none that each object inherits", () => {
    expect(columns.map(({ key }) => textOfCell(valueOf({ a: 1 }, key)))).toEqual(["", "", "", "1"])
    expect(columns.map(({ key }) => textOfCell(valueOf(own, key)))).toEqual(['{"x":1}', "c", "", "2"])
  })

  it.each(columns)("is sorted by $key", ({ key }) => {
    expect(sortedRows({ columns, rows }, { key, isDescending: true })).toHaveLength(2)
    expect(csvOf({ columns, rows }, rows)).toContain('"{""x"":1}",c,,2\r\n')
  })
})

describe("names of objects", () => {
  it("are no character references", () => {
    expect(decoded("&toString; &valueOf; &amp; &#65; &nothing;")).toBe("&toString; &valueOf; & A &nothing;")
  })

  it("are no cells of a copied table", () => {
    const data = { columns: [{ key: "constructor", title: "C" }], rows: [{ a: 1 }] }
    const parts = [{ type: "table" as const, key: "1", seq: 1, data }]
    expect(markdownOf({ parts })).toBe("| C |\n| --- |\n|  |")
  })
})

describe("CSV", () => {
  it.each([
    ["=1+1", "'=1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"],
    [" =1+1", "' =1+1"],
    ["\n=1", '"\'\n=1"'],
    ["\uff1d1+1", "'\uff1d1+1"],
    ["x;=1+1", '"x;=1+1"'],
    ["-2.5", "-2.5"],
    ["a-b", "a-b"],
    ['say "hi"', '"say ""hi"""'],
  ])("writes %j as %j, which no spreadsheet runs", (text, cell) => {
    expect(csvText([[text]])).toBe(`${cell}\r\n`)
  })
})

describe("a name", () => {
  it.each([
    ["a\u202egpj.exe", "a<U+202E>gpj.exe"],
    ["ac\u00adme", "ac<U+00AD>me"],
    ["acme\u{e0041}", "acme<U+E0041>"],
    ["acme\u3164", "acme<U+3164>"],
    ["a\u061cb\u2064c\u009b", "a<U+061C>b<U+2064>c<U+009B>"],
    ["a\r\nb\rc", "a\r\nb<U+000D>c"],
    ["Zoë, 李雷, 👩‍🚀\n", "Zoë, 李雷, 👩‍🚀\n"],
  ])("shows characters that hide or reorder text: %j", (name, shown) => {
    expect(visible(name)).toBe(shown)
  })
})
