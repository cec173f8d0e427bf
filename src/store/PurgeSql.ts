/**
 * `Purge` in the SQL database. The partial indexes on `deleted_at` are its queues. Messages go first, because they refer to
 * their runs, and sessions last. A step is one transaction of a bounded number of rows and bytes.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { FileId, MessageId, OrgId, RunId, SessionId } from "../domain/Ids.ts"
import { purgeAtOnce, purgedRun } from "./Deletions.ts"
import * as JobClaim from "./JobClaim.ts"
import { Purge, type Purged } from "./Purge.ts"
import { AnyText } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"
import * as WipeSqlite from "./WipeSqlite.ts"

const job = "purge"
const messagesAStep = 200
/** A message has up to some MiB, and its text is read to correct the organisation's usage. */
const bytesAStep = 1024 * 1024
const runsAStep = 100
/** Pages of events a step, plus the rest of the last page's run. */
const pagesAStep = 500
const sessionsAStep = 100
const filesAStep = 100

const decodeQueued = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: MessageId, org_id: OrgId, size: Schema.Int })),
)
const decodeMessages = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: MessageId, run_id: RunId, content: AnyText })),
)
const decodeRuns = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: RunId, org_id: OrgId })))
const decodeRunIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ run_id: RunId })))
const decodeSessions = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: SessionId, org_id: OrgId })),
)
const decodeFiles = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: FileId })))

/** The first rows within the limit of bytes, at least one. */
const withinBytes = <Row extends { readonly size: number }>(rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  let bytes = 0
  return rows.filter(({ size }, index) => {
    bytes += size
    return index === 0 || bytes <= bytesAStep
  })
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  const queued = (deletedBy: number) => sql`deleted_at >= ${purgeAtOnce} AND deleted_at <= ${deletedBy}`

  /** The number of ids varies, so the statements are not worth preparing. */
  const deleteFrom = (table: string, column: string, ids: ReadonlyArray<string>) =>
    sql`DELETE FROM ${sql(table)} WHERE ${sql.in(column, ids)}`.unprepared

  /**
   * May be negative for some seconds: the replica that stored the data writes its count later (`OrgUsageSql`).
   */
  const subtract = (orgId: OrgId, sessions: number, bytes: number) =>
    sql`INSERT INTO org_usage ${sql.insert({ org_id: orgId, sessions: -sessions, bytes: -bytes })}
      ON CONFLICT (org_id) DO UPDATE SET
      sessions = org_usage.sessions + excluded.sessions, bytes = org_usage.bytes + excluded.bytes`

  /** Bytes are counted in the same way as when the message was stored (`RunsCounted`). */
  const removeMessages = Effect.fnUntraced(function* (orgId: OrgId, ids: ReadonlyArray<MessageId>) {
    yield* sql`UPDATE files SET deleted_at = ${purgeAtOnce} WHERE ${sql.in("message_id", ids)}`.unprepared
    yield* deleteFrom("feedback", "message_id", ids)
    yield* sql`UPDATE messages SET parent_message_id = NULL
      WHERE ${sql.in("parent_message_id", ids)} AND NOT ${sql.in("id", ids)}`.unprepared
    const removed = yield* decodeMessages(
      yield* sql`DELETE FROM messages WHERE ${sql.in("id", ids)} RETURNING id, run_id, content`.unprepared,
    )
    // No message refers to these runs any more, or a later step finds the next one that does.
    yield* sql`UPDATE runs SET deleted_at = ${purgeAtOnce} WHERE deleted_at = ${purgedRun}
      AND ${sql.in(
        "id",
        removed.map(({ run_id }) => run_id),
      )}`.unprepared
    const bytes = removed.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0)
    yield* subtract(orgId, 0, bytes)
    return removed.length
  }, sql.withTransaction)

  const messages = Effect.fnUntraced(function* (deletedBy: number) {
    const rows = yield* decodeQueued(
      yield* sql`SELECT m.id, s.org_id, octet_length(m.content) AS size
        FROM (SELECT * FROM messages WHERE ${queued(deletedBy)}) AS m
        JOIN sessions s ON s.id = m.session_id JOIN runs r ON r.id = m.run_id
        WHERE r.status <> 'running' ORDER BY m.deleted_at LIMIT ${messagesAStep}`,
    )
    const [first] = rows
    if (first === undefined) return undefined
    const ids = withinBytes(rows.filter(({ org_id }) => org_id === first.org_id)).map(({ id }) => id)
    const count = yield* removeMessages(first.org_id, ids)
    return { messages: count, runs: [], sessions: 0, orgs: [first.org_id] } satisfies Purged
  })

  const removeRuns = Effect.fnUntraced(function* (ids: ReadonlyArray<RunId>) {
    for (const table of [
      "run_events",
      "attempts",
      "run_files",
      "idempotency_keys",
      "shadow_pairs",
      "feedback",
    ])
      yield* deleteFrom(table, "run_id", ids)
    yield* sql`DELETE FROM runs WHERE ${sql.in("id", ids)}
      AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.run_id = runs.id)`.unprepared
    // The question of the run is not deleted, and its row refers to the run's.
    yield* sql`UPDATE runs SET deleted_at = ${purgedRun}, assistant_message_id = NULL, error = NULL, model = NULL
      WHERE ${sql.in("id", ids)}`.unprepared
  }, sql.withTransaction)

  /** As many of the runs as have the events of one step. */
  const fewOf = Effect.fnUntraced(function* (ids: ReadonlyArray<RunId>) {
    const pages = yield* decodeRunIds(
      yield* sql`SELECT run_id FROM run_events WHERE ${sql.in("run_id", ids)}
        ORDER BY run_id, seq LIMIT ${pagesAStep}`.unprepared,
    )
    return pages.length < pagesAStep ? ids : Arr.dedupe(pages.map(({ run_id }) => run_id))
  })

  const runs = Effect.fnUntraced(function* (deletedBy: number) {
    const rows = yield* decodeRuns(
      yield* sql`SELECT id, org_id FROM runs WHERE ${queued(deletedBy)} AND status <> 'running'
        ORDER BY deleted_at LIMIT ${runsAStep}`,
    )
    if (rows.length === 0) return undefined
    const few = yield* fewOf(rows.map(({ id }) => id))
    yield* removeRuns(few)
    const orgs = Arr.dedupe(rows.map(({ org_id }) => org_id))
    return { messages: 0, runs: few, sessions: 0, orgs } satisfies Purged
  })

  const removeSessions = Effect.fnUntraced(function* (ids: ReadonlyArray<SessionId>) {
    const requeued = yield* sql`UPDATE runs SET deleted_at = ${purgeAtOnce}
      WHERE deleted_at = ${purgedRun} AND ${sql.in("session_id", ids)} RETURNING id`.unprepared
    const removed = yield* decodeSessions(
      yield* sql`DELETE FROM sessions WHERE ${sql.in("id", ids)}
        AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.session_id = sessions.id)
        AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.session_id = sessions.id)
        RETURNING id, org_id`.unprepared,
    )
    for (const orgId of Arr.dedupe(removed.map(({ org_id }) => org_id)).toSorted())
      yield* subtract(orgId, removed.filter(({ org_id }) => org_id === orgId).length, 0)
    return { removed, requeued: requeued.length }
  }, sql.withTransaction)

  const sessions = Effect.fnUntraced(function* (deletedBy: number) {
    const rows = yield* decodeSessions(
      yield* sql`SELECT id, org_id FROM (SELECT * FROM sessions WHERE ${queued(deletedBy)}) AS s
        WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.session_id = s.id)
          AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.session_id = s.id AND r.status = 'running')
        ORDER BY s.deleted_at LIMIT ${sessionsAStep}`,
    )
    if (rows.length === 0) return undefined
    const { removed, requeued } = yield* removeSessions(rows.map(({ id }) => id))
    if (removed.length + requeued === 0) return undefined
    const orgs = Arr.dedupe(removed.map(({ org_id }) => org_id))
    return { messages: 0, runs: [], sessions: removed.length, orgs } satisfies Purged
  })

  const isDue = (deletedBy: number) =>
    Effect.map(
      sql`SELECT 1 AS due WHERE ${sql.or(
        ["messages", "runs", "sessions", "files"].map(
          (table) => sql`EXISTS (SELECT 1 FROM ${sql(table)} WHERE ${queued(deletedBy)})`,
        ),
      )}`,
      (rows) => rows.length > 0,
    ).pipe(asStoreError("Purge.isDue"))
  const claim = (now: number, until: number) =>
    asStoreError("Purge.claim")(JobClaim.claim(sql, job, now, until))
  const hold = (until: number) => asStoreError("Purge.hold")(Effect.asVoid(JobClaim.hold(sql, job, until)))

  const step: Purge["Service"]["step"] = Effect.fnUntraced(function* (deletedBy) {
    return (yield* messages(deletedBy)) ?? (yield* runs(deletedBy)) ?? (yield* sessions(deletedBy))
  }, asStoreError("Purge.step"))

  const files: Purge["Service"]["files"] = Effect.fnUntraced(function* (deletedBy) {
    const rows =
      yield* sql`SELECT id FROM files WHERE ${queued(deletedBy)} ORDER BY deleted_at LIMIT ${filesAStep}`
    return (yield* decodeFiles(rows)).map(({ id }) => id)
  }, asStoreError("Purge.files"))

  const removeFiles: Purge["Service"]["removeFiles"] = (ids) =>
    asStoreError("Purge.removeFiles")(Effect.asVoid(deleteFrom("files", "id", ids)))

  const wipe = asStoreError("Purge.wipe")(
    sql.onDialectOrElse({ pg: () => Effect.succeed(false), orElse: () => WipeSqlite.make(sql) }),
  )

  return Purge.of({ isDue, claim, hold, step, files, removeFiles, wipe })
})

export const layerSql: Layer.Layer<Purge, never, SqlClient.SqlClient> = Layer.effect(Purge, make)
