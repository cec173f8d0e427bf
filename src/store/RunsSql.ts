/**
 * `Runs` in the SQL database. To start a run inserts it, or fails. Later records of the run (events, attempts, files,
 * its end) may be written again after an unknown outcome, and are stored once.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { RunId, type SessionId } from "../domain/Ids.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import type { Attempt } from "../domain/Run.ts"
import { Batch, type Step } from "../persistence/Batch.ts"
import { Replica } from "../platform/Replica.ts"
import { purgeAtOnce, purgedRun } from "./Deletions.ts"
import * as EventPages from "./EventPages.ts"
import { fixed } from "./FixedSql.ts"
import * as PageSql from "./PageSql.ts"
import { type RunFile, RunLost, RunNotFound, Runs, type Unwritten } from "./Runs.ts"
import * as Rows from "./SqlRows.ts"
import { partsOf } from "./ShownMessage.ts"
import { asStoreError } from "./SqlStoreError.ts"
import * as TokenSpendSql from "./TokenSpendSql.ts"
import * as TurnSteps from "./TurnSteps.ts"
import { attemptRow, listOrNull } from "./TurnRows.ts"

const encodeFile = Schema.encodeEffect(Rows.FileRow)
const encodeText = Schema.encodeEffect(Rows.AnyText)
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: RunId })))
const decodeRuns = Schema.decodeUnknownEffect(Schema.Array(Rows.RunRow))
const decodeAttempts = Schema.decodeUnknownEffect(Schema.Array(Rows.AttemptRow))
const decodePages = Schema.decodeUnknownEffect(Schema.Array(Rows.EventPageRow))
const decodeMessages = Schema.decodeUnknownEffect(Schema.Array(Rows.ShownRow))
const decodeFiles = Schema.decodeUnknownEffect(Schema.Array(Rows.FileRow))

const attemptValues = (id: RunId, attempt: Attempt) => ({ run_id: id, ...attemptRow(attempt) })

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

    const steps = TurnSteps.make(sql, replica.id)
    const begin: Runs["Service"]["begin"] = (turn) =>
      Effect.asVoid(batch.run(steps.beginning(turn))).pipe(asStoreError("Runs.begin"))

    const insertPage = fixed<EventPages.PageRow>(
      sql,
      (at) => sql`INSERT INTO run_events ${sql.insert(at)} ON CONFLICT (run_id, seq) DO NOTHING`,
    )
    // The number of rows varies: PostgreSQL would cache a hundred such statements, some megabytes, in each
    // connection.
    const insertPages = (rows: Arr.NonEmptyReadonlyArray<EventPages.PageRow>): Step =>
      rows.length === 1
        ? { statement: insertPage(rows[0]) }
        : {
            statement: sql`INSERT INTO run_events ${sql.insert(rows)} ON CONFLICT (run_id, seq) DO NOTHING`,
            unprepared: true,
          }
    const insertAll = (batches: Parameters<Runs["Service"]["append"]>[0]): ReadonlyArray<Step> => {
      const rows = batches.flatMap(({ entries, id }) => EventPages.rowsOf(id, entries))
      return Arr.isReadonlyArrayNonEmpty(rows) ? Arr.chunksOf(rows, pagesPerInsert).map(insertPages) : []
    }
    const insert = (batches: Parameters<Runs["Service"]["append"]>[0]) => {
      const steps = insertAll(batches)
      return steps.length === 0 ? Effect.void : Effect.asVoid(batch.run(steps))
    }
    /** The run of a process that others considered dead may be purged. Its events must not fail those of other runs. */
    const append: Runs["Service"]["append"] = (batches) =>
      Effect.catch(
        insert(batches),
        Effect.fnUntraced(function* (error) {
          const ids = batches.map(({ id }) => id)
          const found = yield* decodeIds(
            yield* sql`SELECT id FROM runs WHERE ${sql.in("id", ids)}`.unprepared,
          )
          const left = batches.filter(({ id }) => found.some((one) => one.id === id))
          if (left.length === batches.length) return yield* error
          yield* insert(left)
        }),
      ).pipe(asStoreError("Runs.append"))

    const attemptStatement = fixed<ReturnType<typeof attemptValues>>(
      sql,
      (at) => sql`INSERT INTO attempts ${sql.insert(at)} ON CONFLICT (run_id, shadow, number) DO NOTHING`,
    )
    const insertAttempt = (id: RunId, attempt: Attempt): Step => ({
      statement: attemptStatement(attemptValues(id, attempt)),
    })
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
      // The message that another replica stored with the end has only the events that were stored by then.
      const seen = () =>
        assistantMessage === undefined
          ? []
          : [
              {
                statement: sql`UPDATE messages SET content = ${JSON.stringify(assistantMessage.content)},
                  parts = ${listOrNull(assistantMessage.parts)}
                  WHERE parent_message_id = ${assistantMessage.parentMessageId} AND run_id = ${id} AND role = 'assistant'`,
              },
            ]
      /** Another replica may have ended the run; all that its readers have seen is stored, unless the run is deleted. */
      const lost = Effect.fnUntraced(function* (error: RunLost) {
        const found = yield* sql`SELECT 1 AS there FROM runs WHERE id = ${id} AND deleted_at IS NULL`
        const late = [...rest, ...seen()]
        if (found.length > 0 && late.length > 0) yield* batch.run(late)
        // Events may have been stored after the purge, if the row of the run is still there.
        if (found.length === 0)
          yield* sql`UPDATE runs SET deleted_at = ${purgeAtOnce} WHERE id = ${id} AND deleted_at = ${purgedRun}`
        return yield* error
      })
      const [writeRun, ...message] = steps.ending(run, assistantMessage)
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

    const expiredParts: Runs["Service"]["expiredParts"] = Effect.fnUntraced(function* ({
      id,
      userMessageId,
    }) {
      const [message] = yield* decodeMessages(
        yield* sql`SELECT * FROM messages WHERE parent_message_id = ${userMessageId} AND run_id = ${id}
          AND role = 'assistant' AND NOT EXISTS (SELECT 1 FROM run_events WHERE run_id = ${id})`,
      )
      return message && partsOf(message)
    }, asStoreError("Runs.expiredParts"))

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
      expiredParts,
      file,
    })
  }),
)

const nothing: Unwritten = { attempts: [], entries: [] }
