/** Adds the record of a message (`domain/MessageRecord`), and the key by which a client finds a session by its own id. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export const foreignClients = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE messages ADD COLUMN record TEXT`
  yield* sql`ALTER TABLE sessions ADD COLUMN client_key TEXT`
  yield* sql`CREATE UNIQUE INDEX sessions_by_client_key ON sessions (client_key) WHERE client_key IS NOT NULL`
})
