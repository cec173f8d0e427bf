/** `Search` in the SQL database: `tsvector` on PostgreSQL, FTS5 on SQLite. Both get tokens, never text. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { AgentId, MessageId, SessionId } from "../domain/Ids.ts"
import type { Principal } from "../domain/Principal.ts"
import type { SearchQuery } from "../domain/SearchQuery.ts"
import { type Candidate, Search, type SearchFilter } from "./Search.ts"
import { makeIndexing } from "./SearchIndexing.ts"
import { contentStart, StartOfText } from "./SearchText.ts"
import * as SearchTokens from "./SearchTokens.ts"
import { AnyText } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const decodeMatches = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({ session_id: SessionId, message_id: Schema.NullOr(MessageId), newest: Schema.Int }),
  ),
)
const decodeSessions = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      id: SessionId,
      agentId: AgentId,
      title: AnyText,
      archived: Schema.BooleanFromBit,
      createdAt: Schema.Int,
      updatedAt: Schema.Int,
    }).pipe(Schema.encodeKeys({ agentId: "agent_id", createdAt: "created_at", updatedAt: "updated_at" })),
  ),
)
const decodeMessages = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      id: MessageId,
      sessionId: SessionId,
      role: Schema.Literals(["user", "assistant"]),
      createdAt: Schema.Int,
      text: StartOfText,
    }).pipe(Schema.encodeKeys({ sessionId: "session_id", createdAt: "created_at" })),
  ),
)

/** A user with more matches gets sessions of the newest ones. It bounds the time of a search for a frequent word. */
const mostMatches = 20_000

export const layerSql: Layer.Layer<Search, never, SqlClient.SqlClient> = Layer.effect(
  Search,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const matching = (principal: Principal, query: SearchQuery) =>
      sql.onDialectOrElse({
        pg: () => sql`SELECT id, session_id, message_id, at FROM search_docs
          WHERE words @@ ${SearchTokens.tsquery(principal, query)}::tsquery ORDER BY at DESC LIMIT ${mostMatches}`,
        orElse: () => sql`SELECT d.id, d.session_id, d.message_id, d.at
          FROM search_words CROSS JOIN search_docs d ON d.id = search_words.rowid
          WHERE search_words MATCH ${SearchTokens.fts5Query(principal, query)}
          ORDER BY search_words.rowid DESC LIMIT ${mostMatches}`,
      })

    const visible = (principal: Principal, { agentId, archived }: SearchFilter) =>
      sql.and([
        sql`s.org_id = ${principal.orgId}`,
        sql`s.user_id = ${principal.userId}`,
        sql`s.deleted_at IS NULL`,
        ...(agentId === undefined ? [] : [sql`s.agent_id = ${agentId}`]),
        ...(archived === undefined ? [] : [sql`s.archived = ${archived ? 1 : 0}`]),
        ...(principal.key?.agents == null ? [] : [sql.in("s.agent_id", principal.key.agents)]),
      ])

    const find: Search["Service"]["find"] = Effect.fnUntraced(function* (principal, query, filter, page) {
      const [at, id] = page.before ?? []
      const older = at === undefined ? sql`` : sql`WHERE (newest, session_id) < (${at}, ${id})`
      const rows = yield* decodeMatches(
        yield* sql`WITH matched AS MATERIALIZED (${matching(principal, query)}),
          grouped AS (SELECT session_id, MAX(at) AS newest FROM matched GROUP BY session_id),
          page AS MATERIALIZED (
            SELECT g.session_id, g.newest FROM (SELECT * FROM grouped ${older}) AS g
            JOIN sessions s ON s.id = g.session_id WHERE ${visible(principal, filter)}
            ORDER BY g.newest DESC, g.session_id DESC LIMIT ${page.limit + 1}
          )
          SELECT page.session_id, page.newest, placed.message_id FROM page JOIN (
            SELECT session_id, message_id, ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY at DESC, id DESC) AS place
            FROM matched WHERE session_id IN (SELECT session_id FROM page)
          ) AS placed ON placed.session_id = page.session_id
          WHERE placed.place <= ${page.messages} ORDER BY page.newest DESC, page.session_id DESC, placed.place`
          .unprepared,
      )
      const found = [...new Map(rows.map((row) => [row.session_id, row.newest]))]
      const shown = found.slice(0, page.limit)
      const last = shown.at(-1)
      return {
        entries: yield* candidates(
          shown.map(([id]) => id),
          rows,
        ),
        next: last === undefined || found.length <= page.limit ? null : ([last[1], last[0]] as const),
      }
    }, asStoreError("Search.find"))

    const candidates = Effect.fnUntraced(function* (
      ids: ReadonlyArray<SessionId>,
      rows: ReadonlyArray<{ readonly session_id: SessionId; readonly message_id: MessageId | null }>,
    ) {
      if (ids.length === 0) return []
      const sessions = yield* decodeSessions(
        yield* sql`SELECT id, agent_id, title, archived, created_at, updated_at FROM sessions WHERE ${sql.in("id", ids)}`
          .unprepared,
      )
      const wanted = rows.flatMap((row) => (row.message_id === null ? [] : [row.message_id]))
      const messages =
        wanted.length === 0
          ? []
          : yield* decodeMessages(
              yield* sql`SELECT id, session_id, role, created_at, ${contentStart(sql)} AS text FROM messages
                WHERE ${sql.in("id", wanted)} AND deleted_at IS NULL ORDER BY created_at DESC, id DESC`
                .unprepared,
            )
      return ids.flatMap((id): ReadonlyArray<Candidate> => {
        const session = sessions.find((one) => one.id === id)
        return session === undefined
          ? []
          : [{ session, messages: messages.filter(({ sessionId }) => sessionId === id) }]
      })
    })

    return Search.of({ find, indexNext: makeIndexing(sql) })
  }),
)
