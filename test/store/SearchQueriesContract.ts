/** The contract of the search for every adapter, for phrases and for hostile queries. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SearchReader } from "../../src/chat/SearchReader.ts"
import { parseQuery } from "../../src/domain/SearchQuery.ts"
import { find, said, type Stores } from "./searching.ts"
import { naughty, newPrincipal } from "./Turns.ts"

const hostile = [
  `" OR "1`,
  `a" OR b`,
  "invoice OR NOT",
  "NOT",
  "AND AND",
  "NEAR(a b)",
  "words : a",
  "{words} : a",
  "^a",
  "a*",
  "* a",
  "a + b",
  "-a",
  "-- a",
  "a & b | !c",
  "a <-> b",
  "a:*",
  "'a'",
  "a'",
  "\\a",
  "a\\",
  "''a",
  "a & ",
  "!a",
  "(a",
  "a)",
  "a\u0000b",
  "a\ud800",
  "%a_",
  "$1 a",
  "rank a",
  "a;DROP TABLE messages",
  naughty,
]

const scatter = [
  0x20, 0x30, 0x41, 0x61, 0xc0, 0x300, 0x391, 0x410, 0x5d0, 0x627, 0x905, 0xe01, 0x3041, 0x4e00, 0xac00,
  0x1f600, 0x2000, 0xff00,
]

/** The same for each run: characters of many scripts, side by side. */
const scatteredText = (n: number): string =>
  Array.from({ length: 12 }, (_, place) => {
    const mixed = Math.imul(n * 31 + place + 1, 0x9e3779b1) >>> 0
    return String.fromCodePoint((scatter[mixed % scatter.length] ?? 0) + ((mixed >>> 8) % 24))
  }).join("")

export const searchQueries = (name: string, stores: Layer.Layer<Stores, unknown>) =>
  withLayer(Layer.provideMerge(SearchReader.layer, stores))(`Search queries on ${name}`, (it) => {
    it.effect("needs every word, and a phrase needs their order", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        const turn = yield* said(owner, "The quick brown fox", "A slow brown bear")
        const idsOf = (text: string) =>
          Effect.map(find(owner, text), (results) =>
            results.flatMap(({ messages }) => messages.map(({ messageId }) => messageId)),
          )
        assert.deepStrictEqual(yield* idsOf("brown"), [turn.answer.id, turn.userMessage.id])
        assert.deepStrictEqual(yield* idsOf("fox brown"), [turn.userMessage.id])
        assert.deepStrictEqual(yield* idsOf("fox bear"), [])
        assert.deepStrictEqual(yield* idsOf('"brown fox"'), [turn.userMessage.id])
        assert.deepStrictEqual(yield* idsOf('"fox brown"'), [])
        assert.deepStrictEqual(yield* idsOf('"brown fo"'), [])
        assert.deepStrictEqual(yield* idsOf('"brown fo'), [turn.userMessage.id])
        assert.deepStrictEqual(yield* idsOf("bro fox"), [])
      }),
    )

    it.effect("reads operators of both databases as words, and never fails", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        const turn = yield* said(owner, "alpha or beta", `not near ${naughty}`)
        for (const text of hostile) yield* find(owner, text)
        for (const text of ["alpha OR gamma", "NOT alpha", "alpha | gamma", "alpha -beta gamma", "* gamma"])
          assert.deepStrictEqual(yield* find(owner, text), [], text)
        for (const text of [
          "alpha & beta",
          "(alpha) !beta",
          "alpha:* beta*",
          "'alpha' <-> 'beta'",
          '"alpha or beta"',
        ])
          assert.deepStrictEqual(
            (yield* find(owner, text)).flatMap(({ messages }) => messages.map(({ messageId }) => messageId)),
            [turn.userMessage.id],
            text,
          )
      }),
    )

    it.effect("never fails for any text, and finds each text by its own words", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        const texts = Array.from({ length: 40 }, (_, n) => scatteredText(n))
        yield* said(owner, texts.join("\n"), texts.toReversed().join(" "))
        for (const text of texts) {
          const quoted = text.replaceAll(/["“”„]/gu, " ")
          if (parseQuery(quoted) !== undefined)
            assert.isNotEmpty(yield* find(owner, quoted), JSON.stringify(quoted))
        }
      }),
    )
  })
