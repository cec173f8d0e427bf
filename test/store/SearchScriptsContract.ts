/** The contract of the search for every adapter, in each script. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SearchReader } from "../../src/chat/SearchReader.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { find, said, type Stores } from "./searching.ts"
import { newPrincipal } from "./Turns.ts"

/** The marked texts of the first result. */
const marked = (owner: Principal, text: string) =>
  Effect.map(find(owner, text), (results) =>
    results.flatMap(({ messages }) =>
      messages.flatMap(({ matches, text: snippet }) =>
        matches.map(({ end, start }) => snippet.slice(start, end)),
      ),
    ),
  )

/** The text of a message, queries that find it with the text that they mark, and queries that do not. */
const scripts: ReadonlyArray<
  readonly [string, string, ReadonlyArray<readonly [string, string]>, ReadonlyArray<string>]
> = [
  [
    "English",
    "The invoices aren't PAID.",
    [
      ["paid", "PAID"],
      ["invoi", "invoices"],
      ["arent", "aren't"],
      ["aren’t pa", "aren't"],
    ],
    ["voices", "paid invoicesx"],
  ],
  [
    "German",
    "Die Straße nach Köln, über Müllers Hof",
    [
      ["STRASSE", "Straße"],
      ["straße", "Straße"],
      ["koln", "Köln"],
      ["koeln", "Köln"],
      ["muellers", "Müllers"],
      ["ÜBER", "über"],
    ],
    ["strase"],
  ],
  [
    "French",
    "L'été à l'école, un cœur naïf",
    [
      ["ete", "L'été"],
      ["ecole", "l'école"],
      ["coeur", "cœur"],
      ["NAIF", "naïf"],
    ],
    ["etes"],
  ],
  [
    "Turkish",
    "İSTANBUL'da ılık bir gün",
    [
      ["istanbul", "İSTANBUL'da"],
      ["ISTANBUL", "İSTANBUL'da"],
      ["ilik", "ılık"],
      ["ILIK", "ılık"],
    ],
    ["stanbul"],
  ],
  [
    "Russian",
    "Ёлка и мой за́мок",
    [
      ["елка", "Ёлка"],
      ["замок", "за́мок"],
      ["МОЙ", "мой"],
    ],
    ["мои"],
  ],
  [
    "Greek",
    "ΟΔΥΣΣΕΎΣ στην Ιθάκη",
    [
      ["οδυσσευς", "ΟΔΥΣΣΕΎΣ"],
      ["ιθακη", "Ιθάκη"],
    ],
    ["ακη"],
  ],
  [
    "Chinese",
    "我在北京大学学习中文。",
    [
      ["北京大学", "北京大学"],
      ["京大", "京大"],
      ["文", "文"],
      ["中", "中"],
      ["北京 中文", "北京"],
    ],
    ["京北", "北大", "大京", "北京中文"],
  ],
  [
    "Japanese",
    "東京タワーへ行きました。ｶﾞﾗｽ",
    [
      ["東京タワー", "東京タワー"],
      ["タワ", "タワ"],
      ["ガラス", "ｶﾞﾗｽ"],
      ["行き", "行き"],
    ],
    ["かラス", "京東"],
  ],
  [
    "Korean",
    "학교에서 한국어를 공부한다",
    [
      ["학교", "학교"],
      ["한국어", "한국어"],
      ["공부".normalize("NFD"), "공부"],
    ],
    ["교학"],
  ],
  [
    "Thai",
    "ฉันอยู่ประเทศไทย",
    [
      ["ประเทศ", "ประเทศ"],
      ["ไทย", "ไทย"],
      ["ประเทศไทย", "ประเทศไทย"],
    ],
    ["ไทประ"],
  ],
  [
    "Arabic",
    "قرأتُ كِتَابًا في المدرسة عام ٢٠٢٤",
    [
      ["كتابا", "كِتَابًا"],
      ["المدرسه", "المدرسة"],
      ["2024", "٢٠٢٤"],
      ["قرات", "قرأتُ"],
    ],
    ["مدرسة"],
  ],
  [
    "Hebrew",
    "שָׁלוֹם עולם",
    [
      ["שלום", "שָׁלוֹם"],
      ["עול", "עולם"],
    ],
    ["לום"],
  ],
  [
    "Hindi",
    "हिन्दी भाषा की क़लम",
    [
      ["हिन्दी", "हिन्दी"],
      ["कलम", "क़लम"],
      ["भाषा", "भाषा"],
    ],
    ["हनद"],
  ],
  [
    "emoji",
    "Great 👍🏽 work 👩‍👩‍👧‍👦❤️ 🇩🇪",
    [
      ["👍", "👍🏽"],
      ["❤", "❤️"],
      ["👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"],
      ["🇩🇪", "🇩🇪"],
    ],
    ["👎", "🇫🇷"],
  ],
  [
    "code",
    "Call getUserName() in user_id_map.ts at https://example.com/a?b=1 v2.14",
    [
      ["getusername", "getUserName"],
      ["user", "getUserName"],
      ["map", "user_id_map"],
      ["user_id_map", "user_id_map"],
      ["example.com", "example.com"],
      ["https://example.com/a", "https://example.com/a"],
      ["v2.14", "v2.14"],
    ],
    ["com.example"],
  ],
]

export const searchScripts = (name: string, stores: Layer.Layer<Stores, unknown>) =>
  withLayer(Layer.provideMerge(SearchReader.layer, stores))(`Search in each script on ${name}`, (it) => {
    for (const [script, content, finds, misses] of scripts)
      it.effect(`finds words in ${script}`, () =>
        Effect.gen(function* () {
          const owner = newPrincipal()
          yield* said(owner, "Something else", content)
          for (const [query, expected] of finds) {
            assert.include(yield* marked(owner, query), expected, query)
          }
          for (const query of misses) assert.deepStrictEqual(yield* find(owner, query), [], query)
        }),
      )
  })
