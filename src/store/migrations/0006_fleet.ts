/**
 * Adds the state that several replicas on one database need: the owner of each run, the living replicas, at most one run of a
 * session, and the keys by which a repeated request finds its run.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const schema = [
  // `beat` only counts: each replica that watches it judges by its own clock.
  `CREATE TABLE replicas (
    id TEXT NOT NULL PRIMARY KEY,
    beat BIGINT NOT NULL
  )`,
  `ALTER TABLE runs ADD COLUMN owner TEXT`,
  `CREATE UNIQUE INDEX runs_running_of_session ON runs (session_id) WHERE status = 'running'`,
  // The new index finds the running runs as well.
  `DROP INDEX runs_running`,
  // Work that one replica does for all of them, and until when it holds it.
  `CREATE TABLE jobs (
    name TEXT NOT NULL PRIMARY KEY,
    held_until BIGINT NOT NULL
  )`,
  // Both are hashes: of whose key it is, and of what was asked.
  `CREATE TABLE idempotency_keys (
    key TEXT NOT NULL PRIMARY KEY,
    request TEXT NOT NULL,
    run_id TEXT NOT NULL REFERENCES runs (id),
    created_at BIGINT NOT NULL
  )`,
  `CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)`,
]

export const fleet = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  // Until now one process had the database to itself, and it is not the one that migrates.
  yield* sql`UPDATE runs SET status = 'interrupted', ended_at = ${now} WHERE status = 'running'`
  yield* Effect.forEach(schema, (statement) => sql.unsafe(statement), { discard: true })
})
