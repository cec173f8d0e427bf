/** Adds the stored data of each organisation: counts the existing data, and new data from here on. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export const orgUsage = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE org_usage (
    org_id TEXT NOT NULL PRIMARY KEY,
    sessions BIGINT NOT NULL,
    bytes BIGINT NOT NULL
  )`
  yield* sql`INSERT INTO org_usage (org_id, sessions, bytes)
    SELECT s.org_id, COUNT(DISTINCT s.id), COALESCE(SUM(octet_length(m.content)), 0)
    FROM sessions s LEFT JOIN messages m ON m.session_id = s.id GROUP BY s.org_id`
})
