import { describe, expect, it } from "vitest"
import { longestText, tokensOf, wordsOf } from "../../src/domain/SearchWords.ts"

const tokens = (text: string) => [...tokensOf(text, 0)]

describe("tokens", () => {
  it.each([
    ["Straße STRASSE", ["strasse"]],
    ["Müller", ["muller", "mueller"]],
    ["İI ıi", ["ii"]],
    ["北京大学", ["北京", "京大", "大学", "学"]],
    ["GPT模型 4", ["gpt", "模型", "型", "4"]],
    ["ｶﾞﾗｽ", ["ガラ", "ラス", "ス"]],
    ["한국".normalize("NFD"), ["한국", "국"]],
    ["getUserName", ["getusername", "get", "user", "name"]],
    ["snake_case", ["snakecase", "snake", "case"]],
    ["e-mail don’t", ["email", "e", "mail", "dont", "don", "t"]],
    ["HTTPServer", ["httpserver", "http", "server"]],
    ["https://a.b/c?d=1", ["https", "a", "b", "c", "d", "1"]],
    ["ﬁnance ＡＢＣ", ["finance", "abc"]],
    ["👍🏽 ❤️", ["👍", "❤"]],
    ["٢٠٢٤ ۱ ५", ["2024", "1", "5"]],
    ["?! … — \ud800 \u0000", []],
  ])("of %s", (text, expected) => expect(tokens(text)).toEqual(expected))

  it("have a bounded length and number", () => {
    expect(tokens("x".repeat(10_000))).toEqual(["x".repeat(64)])
    expect(tokens(`${"\u{1d400}".repeat(500)}`)).toEqual(["a".repeat(64)])
    const many = Array.from({ length: longestText / 2 }, (_, n) =>
      String.fromCodePoint(0x20000 + (n % 42_000)),
    ).join(" ")
    const bytes = [...tokensOf(many, 11)].reduce((sum, token) => sum + Buffer.byteLength(token) + 11, 0)
    expect(bytes).toBeLessThan(1024 * 1024)
  })

  it("have no ASCII character but lower-case letters and digits, and no white space", () => {
    for (let from = 0; from < 0x20000; from += 4096) {
      const all = Array.from({ length: 4096 }, (_, code) => `${String.fromCodePoint(from + code)} `).join("")
      for (const token of tokensOf(all, 0)) expect(token).not.toMatch(/[\x00-\x2f\x3a-\x60\x7b-\x7f\s]/)
    }
    expect(tokens("⑴ ͺ ＃️⃣ *️⃣ #️⃣")).not.toContain("(1)")
  })

  it("take time in proportion to the text", () => {
    const started = performance.now()
    for (const text of [
      `a${"\u0301".repeat(99_999)}`,
      "a-".repeat(50_000),
      "_".repeat(100_000),
      "‍".repeat(100_000),
    ])
      tokensOf(text, 0)
    // A quadratic rule takes minutes.
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe("words", () => {
  it("have their positions in the text", () => {
    const text = "Die Straße, 北京 (getUser)"
    expect(Array.from(wordsOf(text), ({ end, start }) => text.slice(start, end))).toEqual([
      "Die",
      "Straße",
      "北",
      "京",
      "getUser",
    ])
  })

  it("are attached only if they are characters that follow directly", () => {
    expect(Array.from(wordsOf("北京 大a学"), ({ isAttached }) => isAttached)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ])
  })
})
