/** The rules of Markdown that are pure: blocks, growing text, links, lines of code. */
import { describe, expect, it } from "vitest"
import { blocksOf, decoded, safeHref, tokensOf } from "../../src/console/markdown/Blocks.ts"
import { grown, linesOf } from "../../src/console/markdown/Lines.ts"
import { completed } from "../../src/console/markdown/Unfinished.ts"

describe("blocks of Markdown", () => {
  it("leave the earlier blocks of a growing text as they were", () => {
    const text =
      "# Title\n\nFirst *paragraph*.\n\n- one\n- two\n\n```ts\nconst a = 1\n\nconst b = 2\n```\n\nEnd"
    let before: ReadonlyArray<string> = []
    for (let length = 1; length <= text.length; length++) {
      const { blocks } = blocksOf(text.slice(0, length))
      const settled = before.slice(0, -2)
      expect(blocks.slice(0, settled.length)).toEqual(settled)
      before = blocks
    }
    expect(before).toHaveLength(5)
  })

  it("share the targets of links by reference", () => {
    const { blocks, definitions } = blocksOf("See [it][1].\n\n[1]: https://example.org/a\n")
    expect(blocks).toHaveLength(1)
    expect(JSON.stringify(tokensOf(blocks[0]!, definitions))).toContain('"href":"https://example.org/a"')
  })

  it("survive nesting that the parser does not take", () => {
    const deep = ">".repeat(20_000)
    expect(blocksOf(deep).blocks.join("")).toContain(">")
    expect(tokensOf(deep, "")).not.toHaveLength(0)
  })
})

describe("a link", () => {
  it.each([
    ["https://example.org/a", true],
    ["http://example.org", true],
    ["mailto:ana@example.org", true],
    ["javascript:alert(1)", false],
    ["JaVaScRiPt:alert(1)", false],
    [" javascript:alert(1)", false],
    ["java\nscript:alert(1)", false],
    ["data:text/html,<script>alert(1)</script>", false],
    ["vbscript:x", false],
    ["blob:https://example.org/1", false],
    ["file:///etc/passwd", false],
    ["//example.org", false],
    ["/api/v1/me", false],
    ["#/runs", false],
  ])("%s opens: %s", (href, isSafe) => {
    expect(safeHref(href) !== undefined).toBe(isSafe)
  })
})

describe("a character reference", () => {
  it("becomes its character, and an unknown one stays", () => {
    expect(decoded("a &amp; b &lt;c&gt; &#65;&#x42; &nope; &#0; &#xD800;")).toBe(
      "a & b <c> AB &nope; &#0; &#xD800;",
    )
  })
})

describe("the last block of a growing text", () => {
  it.each([
    ["This is **bol", "This is **bol**"],
    ["This is **bold*", "This is **bold**"],
    ["An *emph", "An *emph*"],
    ["Some `cod", "Some `cod`"],
    ["Some ~~gone", "Some ~~gone~~"],
    ["See [the docs](https://exa", "See the docs"],
    ["See [the do", "See the do"],
    ["See ![a picture](https://exa", "See a picture"],
    ["* one\n* two", "* one\n* two"],
    ["| a | b", "| a | b |\n| --- | --- |"],
    ["| a | b |\n|--", "| a | b |\n| --- | --- |"],
    ["Text\n--", "Text"],
    ["- one\n-", "- one"],
    ["```ts\nconst a = 1\n``", "```ts\nconst a = 1"],
    ["```ts\nconst a = `1`\n**b", "```ts\nconst a = `1`\n**b"],
    ["2 * 3 = 6", "2 * 3 = 6"],
    ["whole **text** and `code`", "whole **text** and `code`"],
  ])("%j is shown as %j", (text, shown) => {
    expect(completed(text)).toBe(shown)
  })
})

describe("coloured code", () => {
  it("keeps every character in its lines", () => {
    const pieces = [
      { text: "/* two\nlines */", kind: "comment" },
      { text: "\n\nend", kind: "" },
    ]
    expect(linesOf(pieces)).toEqual([
      [{ text: "/* two", kind: "comment" }],
      [{ text: "lines */", kind: "comment" }],
      [],
      [{ text: "end", kind: "" }],
    ])
  })

  it("keeps its colours while it grows, with a plain end", () => {
    const before = [{ text: "let a", kind: "keyword" }]
    expect(grown("let a = 1", "let a", before)).toEqual([...before, { text: " = 1", kind: "" }])
    expect(grown("var", "let a", before)).toEqual([{ text: "var", kind: "" }])
  })
})
