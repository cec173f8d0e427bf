/**
 * One step of the index: a transaction that takes some messages and titles, writes their tokens, and marks them. On
 * SQLite a step blocks the process, so it is short.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { MessageId, OrgId, SessionId, UserId } from "../domain/Ids.ts"
import { contentStart, StartOfText } from "./SearchText.ts"
import { indexText } from "./SearchTokens.ts"
import { asStoreError } from "./SqlStoreError.ts"

/** The limits of one step: messages, and bytes of their contents. A longer message is taken alone. */
const mostMessages = 32
const mostBytes = 16 * 1024
const mostTitles = 32
/**
 * Pages of 4 KB that a step of FTS5 merges. A step writes about eight, and each is merged once in every level of
 * segments. Fewer would let segments pile up until FTS5 merges them all at once.
 */
const pagesMerged = 64

const Doc = Schema.Struct({
  sessionId: SessionId,
  messageId: Schema.NullOr(MessageId),
  orgId: OrgId,
  userId: UserId,
  at: Schema.Int,
  text: StartOfText,
}).pipe(
  Schema.encodeKeys({ sessionId: "session_id", messageId: "message_id", orgId: "org_id", userId: "user_id" }),
)
type Doc = typeof Doc.Type

const decodeDocs = Schema.decodeUnknownEffect(Schema.Array(Doc))
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: Schema.String })))
const decodeSized = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: Schema.String, size: Schema.Int })),
)
const decodeRowIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: Schema.Int })))

/** The messages of one step. */
const firstOf = (newest: ReadonlyArray<{ readonly id: string; readonly size: number }>) => {
  const ids: Array<string> = []
  let bytes = 0
  for (const { id, size } of newest) {
    bytes += size
    if (ids.length > 0 && bytes > mostBytes) break
    ids.push(id)
  }
  return ids
}

export const makeIndexing = (sql: SqlClient.SqlClient) => {
  /** A turn that changes a message or a session waits for a step; a second replica takes other rows. */
  const locked = (table: string) =>
    sql.onDialectOrElse({
      pg: () => sql`FOR NO KEY UPDATE OF ${sql(table)} SKIP LOCKED`,
      orElse: () => sql``,
    })

  const pendingMessages = sql`SELECT id, octet_length(content) AS size FROM messages WHERE indexed = 0
    ORDER BY id DESC LIMIT ${mostMessages}`

  const takeMessages = (ids: ReadonlyArray<string>) =>
    sql`SELECT m.session_id, m.id AS message_id, s.org_id, s.user_id, m.created_at AS at, ${contentStart(sql, "m.content")} AS text
      FROM messages m JOIN sessions s ON s.id = m.session_id
      WHERE ${sql.in("m.id", ids)} AND m.indexed = 0 ORDER BY m.id ${locked("m")}`.unprepared

  const pendingTitles = sql`SELECT id FROM sessions WHERE title_indexed = 0 ORDER BY id DESC LIMIT ${mostTitles}`

  const takeTitles = (ids: ReadonlyArray<string>) =>
    sql`SELECT id AS session_id, NULL AS message_id, org_id, user_id, created_at AS at, title AS text
      FROM sessions WHERE ${sql.in("id", ids)} AND title_indexed = 0 ORDER BY id ${locked("sessions")}`
      .unprepared

  const write = (docs: Arr.NonEmptyReadonlyArray<Doc>) => {
    const row = ({ at, messageId, sessionId }: Doc) => ({
      session_id: sessionId,
      message_id: messageId,
      at,
    })
    return sql.onDialectOrElse({
      pg: () => {
        const rows = docs.map(
          (doc) =>
            sql`(${doc.sessionId}, ${doc.messageId}, ${doc.at}, array_to_tsvector(string_to_array(${indexText(doc, doc.text)}, ' ')))`,
        )
        return sql`INSERT INTO search_docs (session_id, message_id, at, words) VALUES ${sql.csv(rows)}`
          .unprepared
      },
      orElse: () =>
        Effect.gen(function* () {
          const ids = yield* decodeRowIds(
            yield* sql`INSERT INTO search_docs ${sql.insert(Arr.map(docs, row)).returning("id")}`.unprepared,
          )
          const words = Arr.map(docs, (doc, index) => ({
            rowid: ids[index]?.id ?? null,
            words: indexText(doc, doc.text),
          }))
          yield* sql`INSERT INTO search_words ${sql.insert(words)}`.unprepared
          yield* sql`INSERT INTO search_words (search_words, rank) VALUES ('merge', ${pagesMerged})`
        }),
    })
  }

  const messages = Effect.gen(function* () {
    const ids = firstOf(yield* decodeSized(yield* pendingMessages))
    if (ids.length === 0) return 0
    return yield* sql.withTransaction(
      Effect.gen(function* () {
        const docs = yield* decodeDocs(yield* takeMessages(ids))
        if (!Arr.isReadonlyArrayNonEmpty(docs)) return 0
        const taken = docs.map(({ messageId }) => messageId)
        yield* sql`DELETE FROM search_docs WHERE ${sql.in("message_id", taken)}`.unprepared
        yield* write(docs)
        yield* sql`UPDATE messages SET indexed = 1 WHERE ${sql.in("id", taken)}`.unprepared
        return docs.length
      }),
    )
  })

  const titles = Effect.gen(function* () {
    const ids = (yield* decodeIds(yield* pendingTitles)).map(({ id }) => id)
    if (ids.length === 0) return 0
    return yield* sql.withTransaction(
      Effect.gen(function* () {
        const docs = yield* decodeDocs(yield* takeTitles(ids))
        if (!Arr.isReadonlyArrayNonEmpty(docs)) return 0
        const taken = docs.map(({ sessionId }) => sessionId)
        yield* sql`DELETE FROM search_docs WHERE message_id IS NULL AND ${sql.in("session_id", taken)}`
          .unprepared
        yield* write(docs)
        yield* sql`UPDATE sessions SET title_indexed = 1 WHERE ${sql.in("id", taken)}`.unprepared
        return docs.length
      }),
    )
  })

  return Effect.map(Effect.all([messages, titles]), ([some, others]) => some + others).pipe(
    asStoreError("Search.indexNext"),
  )
}
