/**
 * Adds the state for several replicas on one database: the owner of each run, the living replicas, at most one
 * running run of a session, and the keys by which a repeated request finds its run.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const schema = [
  // `beat` is only a count: each replica judges it by its own clock.
  `CREATE TABLE replicas (
    id TEXT NOT NULL PRIMARY KEY,
    beat BIGINT NOT NULL
  )`,
  `ALTER TABLE runs ADD COLUMN owner TEXT`,
  `CREATE UNIQUE INDEX runs_running_of_session ON runs (session_id) WHERE status = 'running'`,
  // The new index also finds the running runs.
  `DROP INDEX runs_running`,
  // Jobs that one replica does for all, and the time until which it holds each.
  `CREATE TABLE jobs (
    name TEXT NOT NULL PRIMARY KEY,
    held_until BIGINT NOT NULL
  )`,
  // Both are hashes: of the key with its owner, and of the request.
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
