import { describe, expect, it } from "vitest"
import { parseQuery } from "../../src/domain/SearchQuery.ts"
import { matchesIn, type Snippet, snippetOf } from "../../src/domain/SearchSnippet.ts"

const snippet = (text: string, query: string): Snippet | undefined => {
  const parsed = parseQuery(query)
  return parsed === undefined ? undefined : snippetOf(text, parsed)
}
const marked = (found: Snippet | undefined) =>
  found?.matches.map(({ end, start }) => found.text.slice(start, end))

describe("a query", () => {
  it("has the tokens that each match has", () => {
    expect(parseQuery('red "big house" fas')).toMatchObject({
      exact: ["red", "big", "house"],
      prefixes: ["fas"],
      isSettledByIndex: false,
    })
    expect(parseQuery("北京大 学")).toMatchObject({ exact: ["北京", "京大"], prefixes: ["学"] })
    expect(parseQuery("red fas")).toMatchObject({ isSettledByIndex: true })
  })

  it("is nothing without a word", () => {
    for (const text of ["", " ", "?!", '"', '""', "…—", "\ud800", "\u0000", "\u200d"])
      expect(parseQuery(text), JSON.stringify(text)).toBeUndefined()
  })

  it("looks up a bounded number of tokens", () => {
    const query = parseQuery(Array.from({ length: 200 }, (_, n) => `w${n}`).join(" "))
    expect((query?.exact.length ?? 0) + (query?.prefixes.length ?? 0)).toBe(40)
    expect(query?.isSettledByIndex).toBe(false)
  })
})

describe("a snippet", () => {
  it("marks each match, and shows line ends as spaces", () => {
    const found = snippet("One\nred fox.\tA Red box.", "red")
    expect(found?.text).toBe("One red fox. A Red box.")
    expect(marked(found)).toEqual(["red", "Red"])
  })

  it("shows the place that has the most terms", () => {
    const far = "filler words ".repeat(40)
    expect(snippet(`red ${far} red green ${far} green`, "red green")?.text).toContain("red green")
  })

  it("has a bounded length, around the match", () => {
    const found = snippet(`${"before ".repeat(300)}needle${" after".repeat(300)}`, "needle")
    expect(found?.text.length).toBeLessThan(220)
    expect(found?.text).toMatch(/^…before .*needle.* after…$/)
    expect(marked(snippet(`a ${"x".repeat(5000)} b`, "x".repeat(100)))).toHaveLength(1)
    expect(snippet("x".repeat(5000), "x".repeat(100))?.text.length).toBeLessThan(350)
  })

  it("cuts no grapheme", () => {
    const family = "👩‍👩‍👧‍👦"
    const found = snippet(`${family.repeat(60)}needle${family.repeat(60)}`, "needle")
    expect(found?.text.replaceAll(family, "")).toBe("…needle…")
    expect(found?.text.isWellFormed()).toBe(true)
  })

  it("refers to the text in NFC", () => {
    expect(marked(snippet("cafe\u0301 au lait", "cafe lait"))).toEqual(["café", "lait"])
  })

  it("joins matches that overlap", () => {
    expect(marked(snippet("red house", '"red house" red'))).toEqual(["red house"])
  })

  it("is nothing if a term is missing", () => {
    expect(snippet("red", "red green")).toBeUndefined()
    expect(snippet("red green", '"green red"')).toBeUndefined()
    expect(snippet("京北", "北京")).toBeUndefined()
    expect(snippet("北 京", "北京")).toBeUndefined()
  })
})

describe("a title", () => {
  it("marks the words that it has", () => {
    const query = parseQuery("tax zurich")
    expect(query && matchesIn("Tax return", query)).toEqual([{ start: 0, end: 3 }])
  })
})
