/**
 * The statements that mark rows of a session as deleted, and that restore them. They run inside the caller's
 * transaction.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import type { MessageId, SessionId } from "../domain/Ids.ts"
import { titleOfMessage } from "../domain/SessionTitle.ts"
import { AnyText, attachments } from "./SqlRows.ts"

const decodeFirst = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ content: AnyText, attachments })))
const encodeText = Schema.encodeEffect(AnyText)

export const make = (sql: SqlClient.SqlClient) => {
  /** Waits for a turn that begins, and lets the next one wait. */
  const lock = (id: SessionId) => sql`UPDATE sessions SET updated_at = updated_at WHERE id = ${id}`

  const below = (id: MessageId): Fragment => sql`(WITH RECURSIVE below (id) AS (
      SELECT id FROM messages WHERE id = ${id}
      UNION ALL SELECT m.id FROM below b JOIN messages m ON m.parent_message_id = b.id
    ) SELECT id FROM below)`

  /** The runs that a message of the branch began or answered. */
  const runsBelow = (session: SessionId, id: MessageId): Fragment => sql`session_id = ${session} AND (
      user_message_id IN ${below(id)}
      OR id IN (SELECT run_id FROM messages WHERE role = 'assistant' AND id IN ${below(id)}))`

  const filesOf = (messages: Fragment) => sql`message_id IN (SELECT id FROM messages WHERE ${messages})`

  /** Data that a restore does not bring back: keys of repeated requests, and comparisons for operators. */
  const dropTraces = (session: SessionId, at: number) => {
    const runs = sql`(SELECT id FROM runs WHERE session_id = ${session} AND deleted_at = ${at})`
    return Effect.andThen(
      sql`DELETE FROM idempotency_keys WHERE run_id IN ${runs}`,
      sql`DELETE FROM shadow_pairs WHERE run_id IN ${runs}`,
    )
  }

  /** A session is not found by words of its deleted messages. Restored messages are indexed again. */
  const dropWords = (session: SessionId, at: number) => sql`DELETE FROM search_docs
    WHERE message_id IN (SELECT id FROM messages WHERE session_id = ${session} AND deleted_at = ${at})`

  /** A question whose last run is deleted belongs to another run that answered it, if there is one. */
  const moveQuestions = (session: SessionId, at: number) => sql`UPDATE messages SET run_id = COALESCE(
      (SELECT r.id FROM runs r WHERE r.session_id = ${session} AND r.user_message_id = messages.id
        AND r.deleted_at IS NULL ORDER BY CASE WHEN r.assistant_message_id IS NULL THEN 1 ELSE 0 END, r.id DESC LIMIT 1),
      run_id)
    WHERE session_id = ${session} AND role = 'user' AND deleted_at IS NULL
      AND run_id IN (SELECT id FROM runs WHERE session_id = ${session} AND deleted_at = ${at})`

  const mark = {
    session: (id: SessionId, at: number) => {
      const later = sql`(deleted_at IS NULL OR deleted_at > ${at})`
      return Effect.all(
        [
          sql`UPDATE sessions SET deleted_at = ${at} WHERE id = ${id} AND ${later}`,
          sql`UPDATE runs SET deleted_at = ${at} WHERE session_id = ${id} AND ${later}`,
          sql`UPDATE messages SET deleted_at = ${at} WHERE session_id = ${id} AND ${later}`,
          sql`UPDATE files SET deleted_at = ${at} WHERE ${later} AND ${filesOf(sql`session_id = ${id}`)}`,
          dropTraces(id, at),
        ],
        { discard: true },
      )
    },
    below: (session: SessionId, id: MessageId, at: number) =>
      Effect.all(
        [
          lock(session),
          sql`UPDATE runs SET deleted_at = ${at} WHERE deleted_at IS NULL AND ${runsBelow(session, id)}`,
          sql`UPDATE messages SET deleted_at = ${at} WHERE deleted_at IS NULL AND id IN ${below(id)}`,
          sql`UPDATE messages SET forked = 1
            WHERE id = (SELECT parent_message_id FROM messages WHERE id = ${id})`,
          sql`UPDATE files SET deleted_at = ${at} WHERE deleted_at IS NULL
            AND ${filesOf(sql`session_id = ${session} AND deleted_at = ${at}`)}`,
          dropTraces(session, at),
          dropWords(session, at),
          moveQuestions(session, at),
        ],
        { discard: true },
      ),
    /** The turns that ended before a time. The session stays. */
    turnsBefore: (session: SessionId, endedBefore: number, at: number) =>
      Effect.all(
        [
          lock(session),
          sql`UPDATE runs SET deleted_at = ${at} WHERE session_id = ${session} AND ended_at < ${endedBefore}
            AND (deleted_at IS NULL OR deleted_at > ${at})`,
          sql`UPDATE messages SET deleted_at = ${at} WHERE session_id = ${session}
            AND (deleted_at IS NULL OR deleted_at > ${at})
            AND run_id IN (SELECT id FROM runs WHERE session_id = ${session} AND deleted_at = ${at})`,
          sql`UPDATE files SET deleted_at = ${at} WHERE (deleted_at IS NULL OR deleted_at > ${at})
            AND ${filesOf(sql`session_id = ${session} AND deleted_at = ${at}`)}`,
          dropTraces(session, at),
          dropWords(session, at),
        ],
        { discard: true },
      ),
  }

  const isFree = (id: SessionId) => sql`NOT EXISTS (SELECT 1 FROM sessions o
      WHERE o.client_key = (SELECT client_key FROM sessions WHERE id = ${id}) AND o.deleted_at IS NULL)`

  /** Restores the rows of one deletion: those with its time. */
  const restore = {
    session: (id: SessionId, at: number) =>
      Effect.all(
        [
          // The client may have started another session under its id.
          sql`UPDATE sessions SET deleted_at = NULL, client_key = CASE WHEN ${isFree(id)} THEN client_key END
            WHERE id = ${id} AND deleted_at = ${at}`,
          sql`UPDATE runs SET deleted_at = NULL WHERE session_id = ${id} AND deleted_at = ${at}`,
          sql`UPDATE messages SET deleted_at = NULL WHERE session_id = ${id} AND deleted_at = ${at}`,
          sql`UPDATE files SET deleted_at = NULL WHERE deleted_at = ${at} AND ${filesOf(sql`session_id = ${id}`)}`,
        ],
        { discard: true },
      ),
    below: (session: SessionId, id: MessageId, at: number) =>
      Effect.all(
        [
          lock(session),
          sql`UPDATE runs SET deleted_at = NULL WHERE deleted_at = ${at} AND ${runsBelow(session, id)}`,
          sql`UPDATE messages SET deleted_at = NULL, indexed = 0
            WHERE deleted_at = ${at} AND id IN ${below(id)}`,
          sql`UPDATE files SET deleted_at = NULL WHERE deleted_at = ${at} AND ${filesOf(sql`id IN ${below(id)}`)}`,
        ],
        { discard: true },
      ),
  }

  /** A title that the user did not write repeats the first message, so it changes when that message is deleted. */
  const retitle = Effect.fnUntraced(function* (session: SessionId) {
    const [first] = yield* sql<{
      deleted: number
    }>`SELECT CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END AS deleted
      FROM messages WHERE session_id = ${session} ORDER BY seq LIMIT 1`
    const [question] = yield* decodeFirst(
      yield* sql`SELECT content, attachments FROM messages
        WHERE session_id = ${session} AND role = 'user' AND deleted_at IS NULL ORDER BY seq LIMIT 1`,
    )
    const title = yield* encodeText(titleOfMessage(question?.content ?? "", question?.attachments ?? []))
    // A model's title may also quote a later message. It stays while the first one does.
    const stays = first?.deleted === 0 ? sql`title_source = 'message'` : sql`title_source <> 'user'`
    yield* sql`UPDATE sessions SET title = ${title}, title_source = 'message', title_indexed = 0
      WHERE id = ${session} AND ${stays}`
  })

  return { mark, restore, retitle }
}
