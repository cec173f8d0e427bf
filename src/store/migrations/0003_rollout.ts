/**
 * Adds the operators' rollout settings (one row, guarded by its version), the audit of changes, and the cohort of
 * each session, null for older ones.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const schema = [
  `ALTER TABLE sessions ADD COLUMN cohort TEXT`,
  `CREATE TABLE rollout (
    version BIGINT NOT NULL,
    operator TEXT NOT NULL
  )`,
  `INSERT INTO rollout (version, operator) VALUES (0, '{}')`,
  `CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    reason TEXT,
    before TEXT NOT NULL,
    after TEXT NOT NULL
  )`,
]

export const rollout = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(schema, (statement) => sql.unsafe(statement), { discard: true })
})
