/**
 * The statements that mark rows of a session as deleted, and that restore them. They run inside the caller's
 * transaction.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import { MessageId, RunId, type SessionId } from "../domain/Ids.ts"
import { titleOfMessage } from "../domain/SessionTitle.ts"
import { AnyText, attachments } from "./SqlRows.ts"

const decodeFirst = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ content: AnyText, attachments })))
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: MessageId })))
const decodeStep = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: MessageId, run_id: RunId })))
const encodeText = Schema.encodeEffect(AnyText)

/** One transaction of the store has five seconds. */
const messagesAStep = 5000

export const make = (sql: SqlClient.SqlClient) => {
  /** Waits for a turn that begins, and lets the next one wait. */
  const lock = (id: SessionId) => sql`UPDATE sessions SET updated_at = updated_at WHERE id = ${id}`

  const below = (id: MessageId): Fragment => sql`WITH RECURSIVE below (id, run_id, role, seq, deleted_at) AS (
      SELECT id, run_id, role, seq, deleted_at FROM messages WHERE id = ${id}
      UNION ALL SELECT m.id, m.run_id, m.role, m.seq, m.deleted_at
        FROM below b JOIN messages m ON m.parent_message_id = b.id)`

  /**
   * PostgreSQL expects few rows of a deletion, and would compare each with each. As a value, the set is hashed.
   */
  const isIn = (column: string, rows: Fragment): Fragment =>
    sql.onDialectOrElse({
      pg: () => sql`(${sql(column)} IN (${rows})) IS TRUE`,
      orElse: () => sql`${sql(column)} IN (${rows})`,
    })

  /** The runs that a message of the branch began or answered. */
  const runsBelow = (session: SessionId, id: MessageId): Fragment => {
    const began = sql`SELECT id FROM runs
      WHERE session_id = ${session} AND ${isIn("user_message_id", sql`SELECT id FROM below`)}`
    const answered = sql`SELECT run_id FROM below WHERE role = 'assistant'`
    return sql`session_id = ${session} AND ${isIn("id", sql`${below(id)} ${answered} UNION ${began}`)}`
  }

  /** The session is locked, so the times do not change meanwhile. */
  const messagesBelow = (id: MessageId, condition: Fragment): Fragment =>
    sql`id IN (${below(id)} SELECT id FROM below WHERE ${condition})`

  const filesOf = (messages: Fragment) => sql`message_id IN (SELECT id FROM messages WHERE ${messages})`

  /**
   * One step of a large change: the newest messages of the session, or below `root`, with their runs. A message is newer
   * than those above it, so no message loses its parent before the last step. False if there are too few for a step.
   */
  const step = Effect.fnUntraced(function* (
    session: SessionId,
    root: MessageId | undefined,
    { from, runs, to }: { readonly from: Fragment; readonly runs: Fragment; readonly to: Fragment },
  ) {
    yield* lock(session)
    const newest = sql`ORDER BY seq DESC LIMIT ${messagesAStep}`
    const rows = yield* decodeStep(
      root === undefined
        ? yield* sql`SELECT id, run_id FROM messages WHERE session_id = ${session} AND ${from} ${newest}`
        : yield* sql`${below(root)} SELECT id, run_id FROM below WHERE id <> ${root} AND ${from} ${newest}`,
    )
    if (rows.length < messagesAStep) return false
    const runIds = Arr.dedupe(rows.map(({ run_id }) => run_id))
    const ids = rows.map(({ id }) => id)
    yield* sql`UPDATE runs SET ${to} WHERE ${sql.in("id", runIds)} AND ${from} ${runs}`.unprepared
    // Words of restored messages are indexed again.
    yield* sql`UPDATE messages SET ${to}, indexed = ${root === undefined ? sql`indexed` : sql`0`}
      WHERE ${sql.in("id", ids)}`.unprepared
    return true
  })

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
      AND ${isIn("run_id", sql`SELECT id FROM runs WHERE session_id = ${session} AND deleted_at = ${at}`)}`

  const isLater = (at: number) => sql`(deleted_at IS NULL OR deleted_at > ${at})`

  const mark = {
    /** The running run is left to the last step. */
    step: (session: SessionId, root: MessageId | undefined, at: number) =>
      step(session, root, {
        from: root === undefined ? isLater(at) : sql`deleted_at IS NULL`,
        runs: sql`AND status <> 'running'`,
        to: sql`deleted_at = ${at}`,
      }),
    session: (id: SessionId, at: number) => {
      const later = isLater(at)
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
          sql`UPDATE messages SET deleted_at = ${at} WHERE ${messagesBelow(id, sql`deleted_at IS NULL`)}`,
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

  /** The highest message above this one that is deleted and can be restored, if each message between them is deleted too. */
  const deletedAbove = (id: MessageId, after: number) =>
    Effect.map(
      Effect.flatMap(
        sql`WITH RECURSIVE above (id, parent_message_id, step) AS (
            SELECT p.id, p.parent_message_id, 1 FROM messages m JOIN messages p ON p.id = m.parent_message_id
              WHERE m.id = ${id} AND p.deleted_at > ${after}
            UNION ALL SELECT p.id, p.parent_message_id, a.step + 1
              FROM above a JOIN messages p ON p.id = a.parent_message_id WHERE p.deleted_at > ${after}
          ) SELECT id FROM above ORDER BY step DESC LIMIT 1`,
        decodeIds,
      ),
      ([highest]) => highest?.id,
    )

  const isFree = (id: SessionId) => sql`NOT EXISTS (SELECT 1 FROM sessions o
      WHERE o.client_key = (SELECT client_key FROM sessions WHERE id = ${id}) AND o.deleted_at IS NULL)`

  /** Restores the rows of one deletion: those with its time. */
  const restore = {
    step: (session: SessionId, root: MessageId | undefined, at: number) =>
      step(session, root, { from: sql`deleted_at = ${at}`, runs: sql``, to: sql`deleted_at = NULL` }),
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
          sql`UPDATE files SET deleted_at = NULL WHERE deleted_at = ${at}
            AND ${filesOf(sql`id IN (${below(id)} SELECT id FROM below)`)}`,
          sql`UPDATE messages SET deleted_at = NULL, indexed = 0
            WHERE ${messagesBelow(id, sql`deleted_at = ${at}`)}`,
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

  return { mark, restore, retitle, deletedAbove }
}
