/**
 * Removes deleted bytes from SQLite's files. Deleted rows are overwritten with zeros already (`secure_delete`), but the
 * full-text index only marks their words, and the log has the pages from before.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"

/** Pages of 4 KB. A step blocks the process for some milliseconds. */
const pagesAStep = 64
/**
 * The first id of FTS5's pages of marks. The ids of its other pages begin with 16 bits for their segment, and those of marks
 * with one bit more.
 */
const firstMark = 2 ** 53

const decode = Schema.decodeUnknownEffect(Schema.Tuple([Schema.Struct({ changes: Schema.Int })]))

/** One step. True if more are left. */
export const make = (sql: SqlClient.SqlClient) => {
  /** A negative number of pages begins a merge of the whole index, and a positive one continues it. */
  let begun = false

  const changes = Effect.map(
    Effect.suspend(() => sql`SELECT total_changes() AS changes`).pipe(Effect.flatMap(decode)),
    ([row]) => row.changes,
  )
  const isMarked = Effect.map(
    Effect.suspend(() => sql`SELECT 1 AS marked FROM search_words_data WHERE id >= ${firstMark} LIMIT 1`),
    (rows) => rows.length > 0,
  )

  /** False if it had nothing to do: FTS5 reports fewer than two changes then. */
  const merge = (pages: number) =>
    Effect.gen(function* () {
      const before = yield* changes
      yield* sql`INSERT INTO search_words (search_words, rank) VALUES ('merge', ${pages})`
      return (yield* changes) - before >= 2
    }).pipe(sql.withTransaction)

  return Effect.gen(function* () {
    if (yield* isMarked) {
      const first = !begun
      begun = yield* merge(first ? -pagesAStep : pagesAStep)
      // The index may have got new segments during the merge, so it begins again.
      if (begun || !first) return true
    }
    begun = false
    yield* sql`PRAGMA wal_checkpoint(TRUNCATE)`
    return false
  })
}
