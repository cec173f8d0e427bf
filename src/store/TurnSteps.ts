/** The statements that begin and end a turn: each list is one transaction of `Runs`. */
import type * as Arr from "effect/Array"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import type { Run } from "../domain/Run.ts"
import type { Step } from "../persistence/Batch.ts"
import { SessionBusy } from "../runs/LiveRuns.ts"
import { purgedRun } from "./Deletions.ts"
import { AttachmentGone } from "./Files.ts"
import * as FilesSql from "./FilesSql.ts"
import { fixed, type Placeholders } from "./FixedSql.ts"
import { type NewMessage, RunLost, type Runs } from "./Runs.ts"
import type { TurnKeyTaken } from "./TurnKeys.ts"
import * as TurnKeysSql from "./TurnKeysSql.ts"
import { jsonOrNull, listOrNull, messageRow, runEndRow, runRow, sessionRow } from "./TurnRows.ts"

type Turn = Parameters<Runs["Service"]["begin"]>[0]

const sessionValues = ({ clientKey, session }: Turn) => ({
  ...sessionRow(session),
  client_key: clientKey ?? null,
})

/** For the index of compared runs: others are in neither cohort. */
const comparedCohort = ({ decision }: Run) =>
  decision.cohort === undefined || decision.cohort === "outside" ? null : decision.cohort

const runValues = ({ repeats, run }: Turn, owner: string) => ({
  ...runRow(run),
  cohort: comparedCohort(run),
  repeats: repeats ? 1 : 0,
  owner,
})

const messageValues = (message: NewMessage) => ({
  ...messageRow(message),
  record: jsonOrNull(message.record ?? null),
  parts: listOrNull(message.parts),
  attachments: listOrNull(message.attachments),
})

/** `follows`: the message that must still be the last one of the session, or null. */
const moveValues = ({ follows, session: { cohort, id, updatedAt } }: Turn) => ({
  id,
  cohort,
  updated_at: updatedAt,
  follows: follows ?? null,
})

const endValues = (run: Parameters<Runs["Service"]["end"]>[0]) => ({ ...runEndRow(run), id: run.id })

const statementsOf = (sql: SqlClient.SqlClient) => ({
  insertSession: fixed<ReturnType<typeof sessionValues>>(
    sql,
    (at) => sql`INSERT INTO sessions ${sql.insert(at)}
      ON CONFLICT (client_key) WHERE client_key IS NOT NULL AND deleted_at IS NULL DO NOTHING RETURNING id`,
  ),
  // A unique index allows a session one running run, on any replica.
  insertRun: fixed<ReturnType<typeof runValues>>(
    sql,
    (at) => sql`INSERT INTO runs ${sql.insert(at)}
      ON CONFLICT (session_id) WHERE status = 'running' DO NOTHING RETURNING id`,
  ),
  // The first cohort of a session stays for its life. A message takes its session out of the archive. A clock that is set
  // back does not move `updated_at` back.
  moveSession: fixed<ReturnType<typeof moveValues>>(
    sql,
    (at) => sql`UPDATE sessions SET cohort = COALESCE(cohort, ${at.cohort}), archived = 0,
      updated_at = CASE WHEN updated_at > ${at.updated_at} THEN updated_at ELSE ${at.updated_at} END
      WHERE id = ${at.id} AND deleted_at IS NULL AND (CAST(${at.follows} AS TEXT) IS NULL OR NOT EXISTS (
        SELECT 1 FROM messages WHERE session_id = ${at.id} AND deleted_at IS NULL
          AND seq > (SELECT seq FROM messages WHERE id = ${at.follows}))) RETURNING id`,
  ),
  // A deletion of the parent has committed or waits, because the session is locked.
  insertQuestion: insertMessage(
    sql,
    ({ parent_message_id: parent }) => sql`WHERE CAST(${parent} AS TEXT) IS NULL
      OR EXISTS (SELECT 1 FROM messages WHERE id = ${parent} AND deleted_at IS NULL) RETURNING id`,
  ),
  // PostgreSQL and SQLite need a WHERE between SELECT and ON CONFLICT, or the text is ambiguous.
  insertAnswer: insertMessage(sql, () => sql`WHERE 1 = 1 ON CONFLICT (id) DO NOTHING`),
  // A repeat after an unknown outcome changes nothing. An end that another replica wrote stays, and so does a purge.
  endRun: fixed<ReturnType<typeof endValues>>(
    sql,
    ({ id, ...at }) => sql`UPDATE runs SET ${sql.update(at)}
    WHERE id = ${id} AND (status = 'running' OR (status = ${at.status} AND ended_at = ${at.ended_at}))
      AND (deleted_at IS NULL OR deleted_at <> ${purgedRun})
    RETURNING id`,
  ),
})

/**
 * The next message of its session, if the condition in `rest` holds. A session has one running run, so two turns never write at
 * the same time; the unique index on the sequence would refuse the second. The message of a deleted run is deleted too.
 */
const insertMessage = (
  sql: SqlClient.SqlClient,
  rest: (at: Placeholders<ReturnType<typeof messageValues>>) => Fragment,
) =>
  fixed<ReturnType<typeof messageValues>>(
    sql,
    (at) => sql`INSERT INTO messages
      (id, session_id, run_id, role, content, parent_message_id, execution_mode, created_at, record, parts, attachments,
        deleted_at, seq)
      SELECT ${at.id}, ${at.session_id}, ${at.run_id}, ${at.role}, ${at.content}, ${at.parent_message_id},
        ${at.execution_mode}, CAST(${at.created_at} AS BIGINT), ${at.record}, ${at.parts}, ${at.attachments},
        (SELECT deleted_at FROM runs WHERE id = ${at.run_id}),
        (SELECT COALESCE(MAX(seq), 0) + 1 FROM messages WHERE session_id = ${at.session_id}) ${rest(at)}`,
  )

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

export const make = (sql: SqlClient.SqlClient, owner: string) => {
  const statements = statementsOf(sql)

  const question = ({ asksAgain, retries, run, userMessage }: Turn) => {
    if (asksAgain === true)
      return sql`SELECT id FROM messages WHERE id = ${userMessage.id} AND deleted_at IS NULL`
    return retries === undefined
      ? statements.insertQuestion(messageValues(userMessage))
      : sql`UPDATE messages SET run_id = ${run.id}
          WHERE id = ${userMessage.id} AND run_id = ${retries} AND deleted_at IS NULL RETURNING id`
  }

  const beginning = (turn: Turn): ReadonlyArray<Step<AttachmentGone | SessionBusy | TurnKeyTaken>> => {
    const orFail = () => new SessionBusy({ sessionId: turn.run.sessionId })
    const beginRun = { statement: statements.insertRun(runValues(turn, owner)), orFail }
    return [
      // The message refers to the run, and the run to the session. Once the run is inserted, no other turn can change
      // the session.
      ...(turn.isNewSession
        ? [{ statement: statements.insertSession(sessionValues(turn)), orFail }, beginRun]
        : [beginRun, { statement: statements.moveSession(moveValues(turn)), orFail }]),
      { statement: question(turn), orFail },
      ...bindFiles(sql, turn),
      // Last, because another turn with the same key waits until this one has committed.
      ...(turn.key === undefined ? [] : [TurnKeysSql.take(sql, turn.key, turn.run)]),
    ]
  }

  const ending = (
    run: Parameters<Runs["Service"]["end"]>[0],
    assistantMessage: NewMessage | undefined,
  ): Arr.NonEmptyReadonlyArray<Step<RunLost>> => [
    { statement: statements.endRun(endValues(run)), orFail: () => new RunLost({ runId: run.id }) },
    ...(assistantMessage === undefined
      ? []
      : [{ statement: statements.insertAnswer(messageValues(assistantMessage)) }]),
  ]

  return { beginning, ending }
}
