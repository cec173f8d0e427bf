/** Adds the transitions of the breakers. `scope` is an organisation, or empty for the global breaker. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const schema = [
  `CREATE TABLE breaker_transitions (
    id TEXT NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL,
    at BIGINT NOT NULL,
    transition TEXT NOT NULL
  )`,
  `CREATE INDEX breaker_transitions_by_scope ON breaker_transitions (scope, id)`,
]

export const breaker = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(schema, (statement) => sql.unsafe(statement), { discard: true })
})
