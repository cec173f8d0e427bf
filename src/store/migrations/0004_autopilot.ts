/**
 * Adds the data that a guarded rollout compares (the cohort of each run that has one, and whether its user repeated
 * the message) and the guarded rollouts themselves; the newest one counts.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const schema = [
  `ALTER TABLE runs ADD COLUMN cohort TEXT`,
  `ALTER TABLE runs ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0`,
  `CREATE INDEX runs_of_cohorts ON runs (created_at, id) WHERE cohort IS NOT NULL`,
  `CREATE TABLE autopilots (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    samples TEXT NOT NULL,
    watermark_at BIGINT NOT NULL,
    watermark_id TEXT NOT NULL
  )`,
]

export const autopilot = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(schema, (statement) => sql.unsafe(statement), { discard: true })
})
