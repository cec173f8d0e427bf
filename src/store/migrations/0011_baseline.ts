/** Adds the time to first progress of each healthy runtime, for the next start and for other replicas. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export const baseline = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE baselines (
    runtime TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    p99_ms DOUBLE PRECISION NOT NULL
  )`
})
