import { describe, expect, it } from "vitest"
import { isBlank } from "../../src/domain/History.ts"
import { mostBytes, mostGraphemes, titleOf, untitled, userTitle } from "../../src/domain/SessionTitle.ts"

const graphemesOf = (text: string) =>
  Array.from(new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text), ({ segment }) => segment)

const family = "👩‍👩‍👧‍👦"
const kiss = "👩🏽‍❤️‍💋‍👨🏿"
const scotland = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"

describe("the title of a message", () => {
  it.each([
    ["family", family],
    ["kiss with two skin tones", kiss],
    ["flag of two letters", "🇳🇵"],
    ["flag of tags", scotland],
    ["keycap", "1️⃣"],
    ["letter with two combining marks", "e\u0302\u0301"],
    ["Thai syllable", "กำ"],
    ["Devanagari cluster", "नि"],
    ["Hebrew letter with a point", "שׁ"],
    ["Korean syllable of jamo", "\u1112\u1161\u11ab"],
  ])("is cut after whole graphemes: %s", (_, grapheme) => {
    const title = titleOf(grapheme.repeat(100))
    expect(title).toBe(grapheme.repeat(mostGraphemes))
    expect(graphemesOf(title)).toHaveLength(mostGraphemes)
  })

  it("is a short message unchanged", () => {
    expect(titleOf("Where is my order?")).toBe("Where is my order?")
    expect(titleOf("מה שלומך?")).toBe("מה שלומך?")
    expect(titleOf("می\u200cخواهم")).toBe("می\u200cخواهم")
  })

  it("is one line, with single spaces", () => {
    expect(titleOf(" \n\t Hello,\r\n\r\n\u2028world\u00a0\u3000and\u0000\u0007more \v")).toBe(
      "Hello, world and more",
    )
  })

  it("has no characters that would change the direction of other text", () => {
    expect(titleOf("\u202eabc\u202c \u2066def")).toBe("abc def")
  })

  it("has no lone surrogates, noncharacters or soft hyphens", () => {
    expect(titleOf("a\ud800b\udfffc\uffffd\u00ade\ufefff")).toBe("abcdef")
    const cut = titleOf(`${"x".repeat(79)}👩`)
    expect(cut).toBe(`${"x".repeat(79)}👩`)
  })

  it.each([
    ["empty", ""],
    ["white space", " \n\t\u2003\u3000"],
    ["zero width", "\u200b\u200c\u200d\u2060\ufeff"],
    ["fillers", "\u3164\u115f\u2800"],
    ["control characters", "\u0000\u0001\u007f\u009f"],
    ["directions", "\u202e\u2066"],
    ["tags without a flag", "\u{e0041}\u{e0042}"],
    ["a lone surrogate", "\ud83d"],
  ])("is never blank: %s", (_, message) => {
    expect(titleOf(message)).toBe(untitled)
  })

  it("is bounded in bytes, also for stacks of combining marks", () => {
    const stacks = `a${"\u0301".repeat(5000)}`.repeat(100)
    const title = titleOf(stacks)
    expect(Buffer.byteLength(title)).toBeLessThanOrEqual(mostBytes)
    expect(title).toMatch(/^a\u0301/)
    expect(titleOf(family.repeat(40_000)).length).toBeLessThan(mostBytes)
    expect(Buffer.byteLength(titleOf(`👩${"\u200d👩".repeat(3000)}`))).toBeLessThanOrEqual(mostBytes)
  })

  it("is found behind much white space", () => {
    expect(titleOf(`${"\n ".repeat(50_000)}Hello`)).toBe("Hello")
  })

  it("is visible, well-formed and one line for any text", () => {
    let seed = 7
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
    for (let n = 0; n < 2000; n++) {
      const units = Array.from({ length: random(200) }, () => random(0x10000))
      const title = titleOf(String.fromCharCode(...units))
      expect([n, title.isWellFormed(), isBlank(title), /[\p{Cc}\p{Zl}\p{Zp}]/u.test(title)]).toEqual([
        n,
        true,
        false,
        false,
      ])
      expect(title).toBe(title.trim())
      expect(Buffer.byteLength(title)).toBeLessThanOrEqual(mostBytes)
    }
  })
})

describe("a user's title", () => {
  it("is stored as it is, without white space at its ends", () => {
    expect(userTitle("  Trip to  Nepal 🇳🇵 ")).toEqual({ title: "Trip to  Nepal 🇳🇵" })
    expect(userTitle(family.repeat(80))).toEqual({ title: family.repeat(80) })
  })

  it.each([
    ["", "visible"],
    [" \u200b ", "visible"],
    ["a\nb", "control"],
    ["a\u0000b", "control"],
    ["a\u2028b", "control"],
    ["\ud800", "well-formed"],
    ["\u202eabc", "direction"],
    ["x".repeat(81), "at most 80 characters"],
    [family.repeat(81), "at most 80 characters"],
    [`a${"\u0301".repeat(5000)}`, `at most ${mostBytes} bytes`],
  ])("is refused with its reason: %j", (title, reason) => {
    expect(userTitle(title).problem).toContain(reason)
  })
})
