/**
 * `Runs` in the SQL database. To start a run inserts it, or fails. Later records of the run (events, attempts, files,
 * its end) may be written again after an unknown outcome, and are stored once.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { type MessageId, RunId, type SessionId } from "../domain/Ids.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import type { Attempt, Run } from "../domain/Run.ts"
import { Batch, type Step } from "../persistence/Batch.ts"
import { Replica } from "../platform/Replica.ts"
import { SessionBusy } from "../runs/LiveRuns.ts"
import * as EventPages from "./EventPages.ts"
import { AttachmentGone } from "./Files.ts"
import * as FilesSql from "./FilesSql.ts"
import * as PageSql from "./PageSql.ts"
import { type NewMessage, type RunFile, RunLost, RunNotFound, Runs, type Unwritten } from "./Runs.ts"
import * as Rows from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"
import * as TokenSpendSql from "./TokenSpendSql.ts"
import type { TurnKeyTaken } from "./TurnKeys.ts"
import * as TurnKeysSql from "./TurnKeysSql.ts"
import { attemptRow, jsonOrNull, listOrNull, messageRow, runEndRow, runRow, sessionRow } from "./TurnRows.ts"

const encodeFile = Schema.encodeEffect(Rows.FileRow)
const encodeText = Schema.encodeEffect(Rows.AnyText)
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: RunId })))
const decodeRuns = Schema.decodeUnknownEffect(Schema.Array(Rows.RunRow))
const decodeAttempts = Schema.decodeUnknownEffect(Schema.Array(Rows.AttemptRow))
const decodePages = Schema.decodeUnknownEffect(Schema.Array(Rows.EventPageRow))
const decodeMessages = Schema.decodeUnknownEffect(Schema.Array(Rows.MessageRow))
const decodeFiles = Schema.decodeUnknownEffect(Schema.Array(Rows.FileRow))

/** PostgreSQL's client binds at most 32 767 parameters and SQLite 32 766; a page of events has three. */
const pagesPerInsert = 10_000

/** Rows and bytes of one read of events. A row is at least one write's worth, and a single row may be larger. */
const rowsARead = 64
const bytesARead = 64 * 1024

export const layerSql: Layer.Layer<Runs, never, Batch | Replica | SqlClient.SqlClient> = Layer.effect(
  Runs,
  Effect.gen(function* () {
    const batch = yield* Batch
    const replica = yield* Replica
    const sql = yield* SqlClient.SqlClient

    const begin: Runs["Service"]["begin"] = (turn) =>
      Effect.asVoid(batch.run(beginning(sql, replica.id, turn))).pipe(asStoreError("Runs.begin"))

    // The number of rows varies: PostgreSQL would cache a hundred such statements, some megabytes, in each
    // connection.
    const insertPages = (rows: Arr.NonEmptyReadonlyArray<EventPages.PageRow>): Step => ({
      statement: sql`INSERT INTO run_events ${sql.insert(rows)} ON CONFLICT (run_id, seq) DO NOTHING`,
      unprepared: true,
    })
    const insertAll = (batches: Parameters<Runs["Service"]["append"]>[0]): ReadonlyArray<Step> => {
      const rows = batches.flatMap(({ entries, id }) => EventPages.rowsOf(id, entries))
      return Arr.isReadonlyArrayNonEmpty(rows) ? Arr.chunksOf(rows, pagesPerInsert).map(insertPages) : []
    }
    const append: Runs["Service"]["append"] = (batches) => {
      const steps = insertAll(batches)
      return steps.length === 0
        ? Effect.void
        : Effect.asVoid(batch.run(steps)).pipe(asStoreError("Runs.append"))
    }

    const insertAttempt = (id: RunId, attempt: Attempt): Step => {
      const row = { run_id: id, ...attemptRow(attempt) }
      return {
        statement: sql`INSERT INTO attempts ${sql.insert(row)} ON CONFLICT (run_id, shadow, number) DO NOTHING`,
      }
    }
    const recordAttempt: Runs["Service"]["recordAttempt"] = (id, attempt) =>
      Effect.asVoid(batch.run([insertAttempt(id, attempt)])).pipe(asStoreError("Runs.recordAttempt"))

    const recordFile = Effect.fnUntraced(function* (file: RunFile) {
      yield* sql`INSERT INTO run_files ${sql.insert(yield* encodeFile(file))} ON CONFLICT (run_id, file_id) DO UPDATE
        SET path = excluded.path, filename = excluded.filename, mime_type = excluded.mime_type`
    }, asStoreError("Runs.recordFile"))

    const end: Runs["Service"]["end"] = (run, assistantMessage, { attempts, entries } = nothing, spent) => {
      const { id } = run
      const counted = spent === undefined ? [] : [TokenSpendSql.count(sql, id, spent)]
      const rest = [...attempts.map((one) => insertAttempt(id, one)), ...insertAll([{ id, entries }])]
      /** Another replica may have ended the run; its answer is stored all the same, unless the run is deleted. */
      const lost = Effect.fnUntraced(function* (error: RunLost) {
        const found = yield* sql`SELECT 1 AS there FROM runs WHERE id = ${id} AND deleted_at IS NULL`
        if (found.length > 0 && rest.length > 0) yield* batch.run(rest)
        return yield* error
      })
      const [writeRun, ...message] = ending(sql, run, assistantMessage)
      return batch
        .run<RunLost>([...counted, writeRun, ...rest, ...message])
        .pipe(Effect.asVoid, Effect.catchTag("RunLost", lost), asStoreError("Runs.end"))
    }

    const get = Effect.fnUntraced(function* (principal: Principal, id: RunId) {
      const [run] = yield* decodeRuns(
        yield* sql`SELECT * FROM runs
          WHERE id = ${id} AND org_id = ${principal.orgId} AND user_id = ${principal.userId}
            AND deleted_at IS NULL`,
      )
      if (run === undefined) return yield* new RunNotFound({ runId: id })
      if (!mayUseAgent(principal, run.agentId)) return yield* new AgentDenied({ agentId: run.agentId })
      const attempts = yield* decodeAttempts(
        yield* sql`SELECT * FROM attempts WHERE run_id = ${id} ORDER BY number, shadow`,
      )
      return { run, attempts }
    }, asStoreError("Runs.get"))

    const runningOf = Effect.fnUntraced(function* (id: SessionId) {
      const [run] = yield* decodeRuns(
        yield* sql`SELECT * FROM runs WHERE session_id = ${id} AND status = 'running'`,
      )
      return run?.id
    }, asStoreError("Runs.runningOf"))

    const isOwn = Effect.fnUntraced(function* (id: RunId) {
      const found = yield* sql`SELECT 1 AS own FROM runs WHERE id = ${id} AND owner = ${replica.id}`
      return found.length > 0
    }, asStoreError("Runs.isOwn"))

    const ended = Effect.fnUntraced(function* (ids: ReadonlyArray<RunId>) {
      if (ids.length === 0) return []
      return yield* decodeRuns(
        yield* sql`SELECT * FROM runs WHERE ${sql.in("id", ids)} AND status <> 'running' AND deleted_at IS NULL`,
      )
    }, asStoreError("Runs.ended"))

    const deleted = Effect.fnUntraced(function* (ids: ReadonlyArray<RunId>) {
      if (ids.length === 0) return []
      const found = yield* decodeIds(
        yield* sql`SELECT id FROM runs WHERE ${sql.in("id", ids)} AND deleted_at IS NULL`.unprepared,
      )
      const there = new Set(found.map(({ id }) => id))
      return ids.filter((id) => !there.has(id))
    }, asStoreError("Runs.deleted"))

    const events = Effect.fnUntraced(function* (id: RunId, after: number) {
      const of = {
        table: "run_events",
        keys: ["run_id", "seq"],
        direction: "ASC",
        where: sql`run_id = ${id} AND seq > ${after}`,
        texts: ["event"],
        limit: rowsARead,
        bytes: bytesARead,
      } as const
      const { entries: pages } = yield* PageSql.page(sql, of, decodePages, ({ seq }) => seq)
      return EventPages.entriesOf(pages, after)
    }, asStoreError("Runs.events"))

    const expiredAnswer = Effect.fnUntraced(function* (id: RunId, answer: MessageId) {
      const [message] = yield* decodeMessages(
        yield* sql`SELECT * FROM messages WHERE id = ${answer} AND run_id = ${id}
          AND NOT EXISTS (SELECT 1 FROM run_events WHERE run_id = ${id})`,
      )
      return message
    }, asStoreError("Runs.expiredAnswer"))

    const file = Effect.fnUntraced(function* (id: RunId, fileId: string) {
      const key = yield* encodeText(fileId)
      const [found] = yield* decodeFiles(
        yield* sql`SELECT * FROM run_files WHERE run_id = ${id} AND file_id = ${key}`,
      )
      return found
    }, asStoreError("Runs.file"))

    return Runs.of({
      begin,
      append,
      recordAttempt,
      recordFile,
      end,
      get,
      runningOf,
      isOwn,
      ended,
      deleted,
      events,
      expiredAnswer,
      file,
    })
  }),
)

const nothing: Unwritten = { attempts: [], entries: [] }

type Turn = Parameters<Runs["Service"]["begin"]>[0]

const beginning = (
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

/** A repeat after an unknown outcome changes nothing, and an end that another replica wrote stays. */
const ending = (
  sql: SqlClient.SqlClient,
  run: Parameters<Runs["Service"]["end"]>[0],
  assistantMessage: NewMessage | undefined,
): Arr.NonEmptyReadonlyArray<Step<RunLost>> => {
  const changes = runEndRow(run)
  const writeRun = sql`UPDATE runs SET ${sql.update(changes)} WHERE id = ${run.id}
    AND (status = 'running' OR (status = ${changes.status} AND ended_at = ${changes.ended_at}))
    RETURNING id`
  const moveSession = sql`UPDATE sessions SET updated_at = ${latest(sql, run.endedAt ?? 0)}
    WHERE id = (SELECT session_id FROM runs WHERE id = ${run.id})`
  return [
    { statement: writeRun, orFail: () => new RunLost({ runId: run.id }) },
    { statement: moveSession },
    ...(assistantMessage === undefined
      ? []
      : [{ statement: sql`${insertMessage(sql, assistantMessage)} ON CONFLICT (id) DO NOTHING` }]),
  ]
}

/** For the index of compared runs: others are in neither cohort. */
const comparedCohort = ({ decision }: Run) =>
  decision.cohort === undefined || decision.cohort === "outside" ? null : decision.cohort
