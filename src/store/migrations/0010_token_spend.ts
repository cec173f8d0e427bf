/** Adds the tokens that each user has spent on each UTC day, so that token budgets survive a restart. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export const tokenSpend = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE token_spend (
    day BIGINT NOT NULL,
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    tokens BIGINT NOT NULL,
    PRIMARY KEY (day, org_id, user_id)
  )`
})
