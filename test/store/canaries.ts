/** A canary in every text column of every table. The schema lists them, so the tests cannot miss a new one. */
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Principal } from "../../src/domain/Principal.ts"

const canary = "canary9f2c"

/** The tables without data of one user or organisation, and the two that record an erasure. */
const others = [
  "api_key_revocations",
  "audit",
  "autopilots",
  "baselines",
  "crossfade_migrations",
  "erasures",
  "jobs",
  "replicas",
  "rollout",
]

const tablesOf = Effect.fnUntraced(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.onDialectOrElse({
    pg: () => sql<{ name: string }>`SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`,
    // The full-text index has no text columns. A trigger removes its rows with those of search_docs.
    orElse: () => sql<{ name: string }>`SELECT name FROM sqlite_schema WHERE type = 'table'
      AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_words%'`,
  })
  return rows.map(({ name }) => name).filter((name) => !others.includes(name))
})

interface Column {
  readonly name: string
  readonly type: string
  readonly required: boolean
}

const columnsOf = Effect.fnUntraced(function* (
  table: string,
): Effect.fn.Return<ReadonlyArray<Column>, unknown, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.onDialectOrElse({
    pg: () => sql<{
      name: string
      type: string
      required: number
    }>`SELECT column_name AS name, data_type AS type,
      CASE WHEN is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' THEN 1 ELSE 0 END AS required
      FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ${table}`,
    orElse: () => sql<{ name: string; type: string; required: number }>`SELECT name, type,
      CASE WHEN "notnull" = 1 AND dflt_value IS NULL THEN 1 ELSE 0 END AS required
      FROM pragma_table_info(${table})`,
  })
  return rows.map(({ name, required, type }) => ({
    name,
    type: type.toLowerCase(),
    required: required === 1,
  }))
})

/** The columns by which other rows find a row, or by which an erasure does. */
const keys = (owner: Principal, ids: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...ids,
  org_id: owner.orgId,
  user_id: owner.userId,
  scope: owner.orgId,
  status: "completed",
  hash: uuidV7Unsafe(),
})

const plant = Effect.fnUntraced(function* (table: string, values: Readonly<Record<string, string>>) {
  const sql = yield* SqlClient.SqlClient
  const row: Record<string, string | number> = {}
  for (const { name, required, type } of yield* columnsOf(table)) {
    if (type === "text") row[name] = values[name] ?? canary
    else if (required && type !== "tsvector") row[name] = 1
  }
  if (table === "search_docs") delete row["id"]
  if (table === "search_docs" && (yield* columnsOf(table)).some(({ type }) => type === "tsvector"))
    yield* sql`INSERT INTO search_docs (session_id, message_id, at, words)
      VALUES (${row["session_id"]}, ${row["message_id"]}, 1, to_tsvector('simple', ${canary}))`
  else yield* sql`INSERT INTO ${sql(table)} ${sql.insert(row)}`
})

/** Parents come before the rows that refer to them. */
const first = ["sessions", "runs", "messages"]

export const plantEverywhere = Effect.fnUntraced(function* (owner: Principal) {
  const ids = {
    session_id: uuidV7Unsafe(),
    run_id: uuidV7Unsafe(),
    message_id: uuidV7Unsafe(),
  }
  const own: Readonly<Record<string, string>> = {
    sessions: ids.session_id,
    runs: ids.run_id,
    messages: ids.message_id,
  }
  const tables = yield* tablesOf()
  const ordered = [...first, ...tables.filter((table) => !first.includes(table))]
  for (const table of ordered)
    yield* plant(table, {
      ...keys(owner, ids),
      id: own[table] ?? uuidV7Unsafe(),
      content: JSON.stringify(canary),
    })
  return ordered
})

/** The rows with the canary, or of the user or the organisation. */
export const found = Effect.fnUntraced(function* (tables: ReadonlyArray<string>, owner: Principal) {
  const sql = yield* SqlClient.SqlClient
  const left: Array<string> = []
  for (const table of tables)
    for (const { name, type } of yield* columnsOf(table)) {
      if (type !== "text" && table !== "search_docs") continue
      const of = [owner.userId, owner.orgId].map((id) => sql`CAST(${sql(name)} AS TEXT) = ${id}`)
      const rows = yield* sql`SELECT 1 AS one FROM ${sql(table)}
        WHERE CAST(${sql(name)} AS TEXT) LIKE ${`%${canary}%`} OR ${sql.or(of)}`
      if (rows.length > 0) left.push(`${table}.${name}`)
    }
  return left
})
