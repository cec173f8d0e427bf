/** The statements that begin and end a turn: each list is one transaction of `Runs`. */
import type * as Arr from "effect/Array"
import type * as SqlClient from "effect/sql/SqlClient"
import type { MessageId } from "../domain/Ids.ts"
import type { Run } from "../domain/Run.ts"
import type { Step } from "../persistence/Batch.ts"
import { SessionBusy } from "../runs/LiveRuns.ts"
import { purgedRun } from "./Deletions.ts"
import { AttachmentGone } from "./Files.ts"
import * as FilesSql from "./FilesSql.ts"
import { type NewMessage, RunLost, type Runs } from "./Runs.ts"
import type { TurnKeyTaken } from "./TurnKeys.ts"
import * as TurnKeysSql from "./TurnKeysSql.ts"
import { jsonOrNull, listOrNull, messageRow, runEndRow, runRow, sessionRow } from "./TurnRows.ts"

type Turn = Parameters<Runs["Service"]["begin"]>[0]

export const beginning = (
  sql: SqlClient.SqlClient,
  owner: string,
  turn: Turn,
): ReadonlyArray<Step<AttachmentGone | SessionBusy | TurnKeyTaken>> => {
  const session = sessionRow(turn.session)
  const run = {
    ...runRow(turn.run),
    cohort: comparedCohort(turn.run),
    repeats: turn.repeats ? 1 : 0,
    owner,
  }
  const orFail = () => new SessionBusy({ sessionId: turn.run.sessionId })
  const isLast = (
    id: MessageId,
  ) => sql`AND NOT EXISTS (SELECT 1 FROM messages WHERE session_id = ${session.id}
    AND deleted_at IS NULL AND seq > (SELECT seq FROM messages WHERE id = ${id}))`
  // The first cohort of a session stays for its life. A message takes its session out of the archive.
  const moveSession = sql`UPDATE sessions SET cohort = COALESCE(cohort, ${session.cohort}), archived = 0,
      updated_at = ${latest(sql, session.updated_at)}
    WHERE id = ${session.id} AND deleted_at IS NULL ${turn.follows === undefined ? sql`` : isLast(turn.follows)} RETURNING id`
  // A unique index allows a session one running run, on any replica.
  const insertRun = sql`INSERT INTO runs ${sql.insert(run)} 
    ON CONFLICT (session_id) WHERE status = 'running' DO NOTHING RETURNING id`
  const takeMessage = sql`UPDATE messages SET run_id = ${turn.run.id}
    WHERE id = ${turn.userMessage.id} AND run_id = ${turn.retries ?? null} AND deleted_at IS NULL RETURNING id`
  const findMessage = sql`SELECT id FROM messages WHERE id = ${turn.userMessage.id} AND deleted_at IS NULL`
  // A deletion of the parent has committed or waits, because the session is locked.
  const parent = turn.userMessage.parentMessageId
  const isThere =
    parent === null
      ? undefined
      : sql`EXISTS (SELECT 1 FROM messages WHERE id = ${parent} AND deleted_at IS NULL)`
  const beginRun = { statement: insertRun, orFail }
  const withKey = { ...session, client_key: turn.clientKey ?? null }
  const insertSession = {
    statement: sql`INSERT INTO sessions ${sql.insert(withKey)}
      ON CONFLICT (client_key) WHERE client_key IS NOT NULL AND deleted_at IS NULL DO NOTHING RETURNING id`,
    orFail,
  }
  return [
    // The message refers to the run, and the run to the session. Once the run is inserted, no other turn can change
    // the session.
    ...(turn.isNewSession ? [insertSession, beginRun] : [beginRun, { statement: moveSession, orFail }]),
    turn.asksAgain === true
      ? { statement: findMessage, orFail }
      : turn.retries === undefined
        ? { statement: sql`${insertMessage(sql, turn.userMessage, isThere)} RETURNING id`, orFail }
        : { statement: takeMessage, orFail },
    ...bindFiles(sql, turn),
    // Last, because another turn with the same key waits until this one has committed.
    ...(turn.key === undefined ? [] : [TurnKeysSql.take(sql, turn.key, turn.run)]),
  ]
}

/** A turn without files has no such statement. The message of a retry has its files already. */
const bindFiles = (sql: SqlClient.SqlClient, { asksAgain, retries, run, userMessage }: Turn) =>
  asksAgain === true || retries !== undefined || (userMessage.attachments ?? []).length === 0
    ? []
    : [
        {
          statement: FilesSql.bind(sql, run, run.sessionId, userMessage),
          orFail: () => new AttachmentGone(),
          unprepared: true as const,
        },
      ]

/**
 * The next message of its session, if `condition` holds. A session has one running run, so two turns never write at the same
 * time; the unique index on the sequence would refuse the second. The message of a deleted run is deleted too.
 */
const insertMessage = (sql: SqlClient.SqlClient, message: NewMessage, condition = sql`1 = 1`) => {
  const row = messageRow(message)
  return sql`INSERT INTO messages
    (id, session_id, run_id, role, content, parent_message_id, execution_mode, created_at, record, parts, attachments, deleted_at,
      seq)
    SELECT ${row.id}, ${row.session_id}, ${row.run_id}, ${row.role}, ${row.content}, ${row.parent_message_id},
      ${row.execution_mode}, CAST(${row.created_at} AS BIGINT), ${jsonOrNull(message.record ?? null)},
      ${listOrNull(message.parts)}, ${listOrNull(message.attachments)},
      (SELECT deleted_at FROM runs WHERE id = ${row.run_id}),
      (SELECT COALESCE(MAX(seq), 0) + 1 FROM messages WHERE session_id = ${row.session_id})
    WHERE ${condition}`
}

/** A clock that is set back does not move `updated_at` back. */
const latest = (sql: SqlClient.SqlClient, at: number) =>
  sql`CASE WHEN updated_at > ${at} THEN updated_at ELSE ${at} END`

/** A repeat after an unknown outcome changes nothing. An end that another replica wrote stays, and so does a purge. */
export const ending = (
  sql: SqlClient.SqlClient,
  run: Parameters<Runs["Service"]["end"]>[0],
  assistantMessage: NewMessage | undefined,
): Arr.NonEmptyReadonlyArray<Step<RunLost>> => {
  const changes = runEndRow(run)
  const writeRun = sql`UPDATE runs SET ${sql.update(changes)} WHERE id = ${run.id}
    AND (status = 'running' OR (status = ${changes.status} AND ended_at = ${changes.ended_at}))
    AND (deleted_at IS NULL OR deleted_at <> ${purgedRun})
    RETURNING id`
  return [
    { statement: writeRun, orFail: () => new RunLost({ runId: run.id }) },
    ...(assistantMessage === undefined
      ? []
      : [{ statement: sql`${insertMessage(sql, assistantMessage)} ON CONFLICT (id) DO NOTHING` }]),
  ]
}

/** For the index of compared runs: others are in neither cohort. */
const comparedCohort = ({ decision }: Run) =>
  decision.cohort === undefined || decision.cohort === "outside" ? null : decision.cohort
