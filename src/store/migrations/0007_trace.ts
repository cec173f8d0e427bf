/** Adds the trace that a run is part of, so that each can be found by the other. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export const trace = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE runs ADD COLUMN trace_id TEXT`
})
