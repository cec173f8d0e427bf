/** Adds the trace of each run, so that people can find one from the other. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export const trace = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE runs ADD COLUMN trace_id TEXT`
})
