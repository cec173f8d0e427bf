/**
 * Adds the model and finish reason of an answer, the codes of a refusal, and the order of a session's messages: a
 * sequence that no wall clock can change. From here on each message but a session's first has a parent.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

export const answers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE runs ADD COLUMN model TEXT`
  yield* sql`ALTER TABLE runs ADD COLUMN finish_reason TEXT`
  yield* sql`ALTER TABLE attempts ADD COLUMN model TEXT`
  yield* sql`ALTER TABLE attempts ADD COLUMN failure TEXT`
  yield* sql`ALTER TABLE messages ADD COLUMN seq INTEGER NOT NULL DEFAULT 0`
  // The order of the turns, a question before its answer: ids also rise when a clock is set back, times do not. A
  // named parent stays; other messages get the one before them.
  yield* sql`UPDATE messages SET seq = ordered.seq, parent_message_id = COALESCE(parent_message_id, ordered.previous)
    FROM (
      SELECT id, ROW_NUMBER() OVER w AS seq, LAG(id) OVER w AS previous FROM messages
      WINDOW w AS (PARTITION BY session_id ORDER BY run_id, CASE role WHEN 'user' THEN 0 ELSE 1 END)
    ) AS ordered
    WHERE ordered.id = messages.id`
  yield* sql`CREATE UNIQUE INDEX messages_by_seq ON messages (session_id, seq)`
  yield* sql`DROP INDEX messages_by_session`
})
