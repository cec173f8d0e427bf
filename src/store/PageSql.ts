/**
 * One page of a table, bounded by the database itself. The bounds come from keys and sizes alone, so a row beyond the
 * page is never read whole. SQLite and PostgreSQL know `octet_length` without reading the text.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import { type Page, pageBytes } from "../domain/Page.ts"

interface PageOf {
  readonly table: string
  /** The columns of the sort order; together they are unique. */
  readonly keys: readonly [string, ...ReadonlyArray<string>]
  readonly direction: "ASC" | "DESC"
  readonly where: Fragment
  /** The columns whose text makes a row large. */
  readonly texts: ReadonlyArray<string>
  /** Bytes of an entry besides its texts; by default about 500 for the other columns and the field names. */
  readonly more?: Fragment
  /** More columns of a row `t`, read for the entries of the page only. */
  readonly columns?: Fragment
  readonly limit: number
  readonly bytes?: number | undefined
}

const decodeFound = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ found: Schema.Int })))

const select = (sql: SqlClient.SqlClient, of: PageOf) => {
  const { bytes = pageBytes, direction, keys, limit, more = sql`500`, table, texts, where } = of
  const added = of.columns === undefined ? sql`` : sql`, ${of.columns}`
  const columns = sql.csv(keys.map((key) => sql`${sql(key)}`))
  const order = sql.csv(keys.map((key) => (direction === "ASC" ? sql`${sql(key)}` : sql`${sql(key)} DESC`)))
  const size = texts.reduce((sum, text) => sql`${sum} + COALESCE(octet_length(${sql(text)}), 0)`, more)
  const same = sql.and(keys.map((key) => sql`${sql(`page.${key}`)} = ${sql(`t.${key}`)}`))
  return sql`SELECT t.*, page.found${added} FROM (
      SELECT ${columns}, ROW_NUMBER() OVER (ORDER BY ${order}) AS place, COUNT(*) OVER () AS found,
        SUM(size) OVER (ORDER BY ${order}) AS total
      FROM (SELECT ${columns}, ${size} AS size FROM ${sql(table)} WHERE ${where} ORDER BY ${order} LIMIT ${limit + 1}) AS near
    ) AS page JOIN ${sql(table)} AS t ON ${same}
    WHERE page.place = 1 OR (page.place <= ${limit} AND page.total <= ${bytes}) ORDER BY page.place`
}

/** `keyOf` returns the position of an entry. */
export const page = Effect.fnUntraced(function* <Entry, Key, E, R>(
  sql: SqlClient.SqlClient,
  of: PageOf,
  decode: (rows: ReadonlyArray<object>) => Effect.Effect<ReadonlyArray<Entry>, E, R>,
  keyOf: (entry: Entry) => Key,
) {
  const rows = yield* select(sql, of)
  const [counted] = yield* decodeFound(rows.slice(-1))
  const entries = yield* decode(rows)
  const last = entries.at(-1)
  const isLast = last === undefined || (counted?.found ?? 0) <= rows.length
  const found: Page<Entry, Key> = { entries, next: isLast ? null : keyOf(last) }
  return found
})
