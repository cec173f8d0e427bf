/** The contract of the search for every adapter: owners, deletions, pages and the index. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import { SearchReader } from "../../src/chat/SearchReader.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { AgentId, ApiKeyId, UserId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { parseQuery } from "../../src/domain/SearchQuery.ts"
import { Search, type SearchPosition } from "../../src/store/Search.ts"
import { fts5Query, tsquery } from "../../src/store/SearchTokens.ts"
import { find, index, said, type Stores } from "./searching.ts"
import { newPrincipal, noon } from "./Turns.ts"

export const search = (name: string, stores: Layer.Layer<Stores, unknown>) =>
  withLayer(Layer.provideMerge(SearchReader.layer, stores))(`Search on ${name}`, (it) => {
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

    it.effect("compares the owner where two users share the start of their tokens", () =>
      Effect.gen(function* () {
        const [one, other] = ["user-7893", "user-8159"].map((user) => ({
          ...newPrincipal("acme"),
          userId: UserId.make(user),
        }))
        if (one === undefined || other === undefined) return assert.fail()
        const query = parseQuery("shared")
        if (query === undefined) return assert.fail()
        assert.strictEqual(tsquery(one, query), tsquery(other, query))
        yield* said(one, "shared", "shared")
        assert.lengthOf(yield* find(one, "shared"), 1)
        assert.deepStrictEqual(yield* find(other, "shared"), [])
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
        assert.lengthOf(
          yield* sql`SELECT id FROM search_docs WHERE session_id = ${session.id} AND message_id IS NULL`,
          1,
        )
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
        const query = parseQuery("ephemeral")
        if (query === undefined) return assert.fail()
        const entries = sql.onDialectOrElse({
          pg: () => sql`SELECT id FROM search_docs WHERE words @@ ${tsquery(owner, query)}::tsquery`,
          orElse: () =>
            sql`SELECT rowid FROM search_words WHERE search_words MATCH ${fts5Query(owner, query)}`,
        })
        assert.lengthOf(yield* entries, 1)
        assert.lengthOf(yield* find(owner, "ephemeral"), 1)
        yield* sql`DELETE FROM attempts WHERE run_id IN (SELECT id FROM runs WHERE session_id = ${session.id})`
        yield* sql`DELETE FROM runs WHERE session_id = ${session.id}`
        yield* sql`DELETE FROM sessions WHERE id = ${session.id}`
        assert.deepStrictEqual(yield* find(owner, "ephemeral"), [])
        assert.deepStrictEqual(yield* sql`SELECT id FROM search_docs WHERE session_id = ${session.id}`, [])
        assert.lengthOf(yield* entries, 0)
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
