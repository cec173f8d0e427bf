/** The contract of the search for every adapter: the same results, for each script and for hostile queries. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import { SearchReader } from "../../src/chat/SearchReader.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { AgentId, ApiKeyId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { parseQuery } from "../../src/domain/SearchQuery.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Search, type SearchFilter, type SearchPosition } from "../../src/store/Search.ts"
import { begun, completed, naughty, newPrincipal, newTurn, noon, type Turn } from "./Turns.ts"

type Stores = Runs | Search | SqlClient.SqlClient

/** Indexes everything that is pending. */
const index = Effect.flatMap(Search, ({ indexNext }) =>
  Effect.repeat(indexNext, { while: (count) => count > 0 }),
)

/** A turn with an answer, indexed. */
const said = (owner: Principal, question: string, answer: string, previous?: Turn, at = noon) =>
  Effect.gen(function* () {
    const turn = yield* begun(
      newTurn(owner, {
        content: question,
        at,
        ...(previous === undefined ? {} : { session: previous.session }),
      }),
    )
    const { ended, message } = completed(turn, answer)
    yield* (yield* Runs).end(ended, message)
    yield* index
    return { ...turn, answer: message }
  })

const find = (owner: Principal, text: string, filter: SearchFilter = {}, limit = 10) =>
  Effect.gen(function* () {
    return (yield* (yield* SearchReader).find(owner, text, filter, { limit })).entries
  })

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

export const search = (name: string, stores: Layer.Layer<Stores, unknown>) =>
  withLayer(Layer.provideMerge(SearchReader.layer, stores))(`Search on ${name}`, (it) => {
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

    it.effect("finds nothing of another user or organisation, or with a key for other agents", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        yield* said(owner, "confidential", "confidential too")
        const colleague = { ...newPrincipal(owner.orgId) }
        const namesake = { ...newPrincipal(), userId: owner.userId }
        for (const other of [colleague, namesake])
          assert.deepStrictEqual(yield* find(other, "confidential"), [])
        const limited = (agent: string): Principal => ({
          ...owner,
          key: {
            id: ApiKeyId.make(`key_${"0".repeat(32)}`),
            agents: [AgentId.make(agent)],
            ratePerMinute: null,
            expiresAt: null,
          },
        })
        const otherAgent = uuidV7Unsafe()
        assert.deepStrictEqual(yield* find(limited(otherAgent), "confidential"), [])
        assert.lengthOf(yield* find(limited(defaultAgentId), "confidential"), 1)
        assert.deepStrictEqual(yield* find(owner, "confidential", { agentId: AgentId.make(otherAgent) }), [])
        assert.lengthOf(yield* find(owner, "confidential", { agentId: defaultAgentId }), 1)
      }),
    )

    it.effect("finds archived sessions on request, and deleted ones never", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const { answer, session } = yield* said(owner, "walrus", "walrus again")
        const counts = Effect.all([
          Effect.map(find(owner, "walrus", { archived: false }), (found) => found.length),
          Effect.map(find(owner, "walrus", { archived: true }), (found) => found.length),
          Effect.map(find(owner, "walrus"), (found) => found.length),
        ])
        assert.deepStrictEqual(yield* counts, [1, 0, 1])
        yield* sql`UPDATE sessions SET archived = 1 WHERE id = ${session.id}`
        assert.deepStrictEqual(yield* counts, [0, 1, 1])
        yield* sql`UPDATE sessions SET deleted_at = 1 WHERE id = ${session.id}`
        assert.deepStrictEqual(yield* counts, [0, 0, 0])
        yield* sql`UPDATE sessions SET deleted_at = NULL WHERE id = ${session.id}`
        yield* sql`UPDATE messages SET deleted_at = 1 WHERE id = ${answer.id}`
        assert.deepStrictEqual(yield* find(owner, "again"), [])
        assert.lengthOf(yield* find(owner, "walrus"), 1)
        yield* sql`UPDATE messages SET deleted_at = NULL WHERE id = ${answer.id}`
        assert.lengthOf(yield* find(owner, "again"), 1)
      }),
    )

    it.effect("finds a session by its new title, and no longer by the old one", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const { session } = yield* said(owner, "hello", "hi")
        const rename = (title: string) =>
          Effect.andThen(
            sql`UPDATE sessions SET title = ${JSON.stringify(title)} WHERE id = ${session.id}`,
            index,
          )
        yield* rename("Tax return of Zürich")
        const [found] = yield* find(owner, "tax zurich")
        assert.deepInclude(found, {
          sessionId: session.id,
          title: {
            text: "Tax return of Zürich",
            matches: [
              { start: 0, end: 3 },
              { start: 14, end: 20 },
            ],
          },
          messages: [],
        })
        yield* rename("Holidays")
        assert.deepStrictEqual(yield* find(owner, "tax"), [])
        assert.lengthOf(yield* find(owner, "holi"), 1)
      }),
    )

    it.effect("forgets messages and sessions that are purged", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const owner = newPrincipal()
        const { session } = yield* said(owner, "ephemeral", "ephemeral answer")
        yield* sql`UPDATE sessions SET title = '"Ephemeral"' WHERE id = ${session.id}`
        yield* index
        yield* sql`DELETE FROM messages WHERE session_id = ${session.id}`
        assert.lengthOf(yield* find(owner, "ephemeral"), 1)
        yield* sql`DELETE FROM attempts WHERE run_id IN (SELECT id FROM runs WHERE session_id = ${session.id})`
        yield* sql`DELETE FROM runs WHERE session_id = ${session.id}`
        yield* sql`DELETE FROM sessions WHERE id = ${session.id}`
        assert.deepStrictEqual(yield* find(owner, "ephemeral"), [])
        assert.deepStrictEqual(yield* sql`SELECT id FROM search_docs WHERE session_id = ${session.id}`, [])
      }),
    )

    it.effect("lists the sessions by their newest match, in pages without gap or overlap", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        const reader = yield* SearchReader
        const turns = []
        // Two pairs have the same time.
        for (const at of [5, 3, 3, 8, 1, 8, 6])
          turns.push(yield* said(owner, "needle", "needle", undefined, noon + 10 * at))
        yield* said(owner, "needle", "needle", turns[4], noon + 70)
        const seen = []
        let before: SearchPosition | undefined
        do {
          const page = yield* reader.find(
            owner,
            "needle",
            {},
            { limit: 2, ...(before === undefined ? {} : { before }) },
          )
          assert.isAtMost(page.entries.length, 2)
          seen.push(...page.entries.map(({ sessionId }) => sessionId))
          before = page.next ?? undefined
        } while (before !== undefined)
        const times = new Map(turns.map(({ session }, n) => [session.id, [5, 3, 3, 8, 7, 8, 6][n] ?? 0]))
        const expected = turns
          .map(({ session }) => session.id)
          .toSorted((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0) || (a < b ? 1 : -1))
        assert.deepStrictEqual(seen, expected)
      }),
    )

    it.effect("shows the newest three messages of a session", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        let turn: Effect.Success<ReturnType<typeof said>> | undefined
        const answers = []
        for (let n = 0; n < 5; n++) {
          turn = yield* said(owner, "question", `reply ${n}`, turn, noon + 10 * n)
          answers.push(turn.answer.id)
        }
        const [found] = yield* find(owner, "reply")
        assert.deepStrictEqual(
          found?.messages.map(({ messageId }) => messageId),
          answers.toReversed().slice(0, 3),
        )
      }),
    )

    it.effect("indexes the start of a huge message, of many words and of long ones", () =>
      Effect.gen(function* () {
        const owner = newPrincipal()
        const many = Array.from({ length: 200_000 }, (_, n) => `w${n.toString(36)}`).join(" ")
        yield* said(owner, `first ${many}`, `${"x".repeat(1_000_000)} last`)
        assert.lengthOf(yield* find(owner, "first w1"), 1)
        assert.lengthOf(yield* find(owner, "x".repeat(80)), 1)
        assert.deepStrictEqual(yield* find(owner, "last"), [])
        // Each character of it takes six in the database.
        yield* said(owner, `start ${"\ud800 ".repeat(100_000)}`, '\\"\n'.repeat(200_000))
        assert.lengthOf(yield* find(owner, "start"), 1)
        const chinese = Array.from({ length: 100_000 }, (_, n) =>
          String.fromCharCode(0x4e00 + ((n * 7919) % 20_000)),
        ).join("")
        yield* said(owner, chinese, "short")
        assert.lengthOf(yield* find(owner, chinese.slice(20_000, 20_006)), 1)
      }),
    )

    it.effect("indexes each message once when two replicas work at the same time", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { indexNext } = yield* Search
        const owner = newPrincipal()
        const { run, session } = yield* said(owner, "twin", "twin")
        yield* sql`DELETE FROM search_docs WHERE session_id = ${session.id}`
        yield* sql`UPDATE messages SET indexed = 0 WHERE session_id = ${session.id}`
        const counts = yield* Effect.all(
          Array.from({ length: 4 }, () => indexNext),
          {
            concurrency: "unbounded",
          },
        )
        assert.strictEqual(
          counts.reduce((sum, count) => sum + count, 0),
          2,
        )
        const docs = yield* sql`SELECT message_id FROM search_docs WHERE session_id = ${session.id}`
        assert.lengthOf(docs, 2)
        assert.strictEqual(run.sessionId, session.id)
      }),
    )
  })
