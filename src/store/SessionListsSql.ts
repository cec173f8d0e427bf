/** `SessionLists` in the SQL database. One statement reads a page with its counts; each count reads one index. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { MessageId, RunId, SessionId } from "../domain/Ids.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import type { SessionOverview } from "../domain/SessionOverview.ts"
import * as PageSql from "./PageSql.ts"
import { type SessionChanges, SessionLists, type SessionPage, type SessionPosition } from "./SessionLists.ts"
import { decodeCounts, decodeOverviews, decodeRunSummaries, decodeSeqs } from "./SessionRows.ts"
import { SessionNotFound } from "./Sessions.ts"
import { asStoreError } from "./SqlStoreError.ts"

/** The columns beside those of a session `t`. */
const facts = (sql: SqlClient.SqlClient) => {
  const last = (column: string) => sql`(SELECT ${sql(column)} FROM runs
      WHERE session_id = t.id AND deleted_at IS NULL ORDER BY id DESC LIMIT 1)`
  return sql`(SELECT COUNT(*) FROM messages WHERE session_id = t.id AND deleted_at IS NULL) AS message_count,
    (SELECT COUNT(*) FROM runs WHERE session_id = t.id AND deleted_at IS NULL) AS run_count,
    (SELECT id FROM runs WHERE session_id = t.id AND status = 'running') AS active_run_id,
    ${last("status")} AS last_status, ${last("finish_reason")} AS last_finish_reason`
}

/** The sessions of a caller. A key may be limited to some agents. */
const owned = (sql: SqlClient.SqlClient, { key, orgId, userId }: Principal) => {
  const agents = key?.agents ?? null
  const allowed = agents === null ? sql`` : sql`AND ${sql.in("agent_id", agents)}`
  return sql`org_id = ${orgId} AND user_id = ${userId} AND deleted_at IS NULL ${allowed}`
}

const bit = (value: boolean) => (value ? 1 : 0)

const after = (sql: SqlClient.SqlClient, before: SessionPosition | undefined) => {
  if (before === undefined) return sql``
  return typeof before === "string"
    ? sql`AND id < ${before}`
    : sql`AND (pinned, updated_at, id) < (${before[0]}, ${before[1]}, ${before[2]})`
}

const positionIn =
  (order: SessionPage["order"]) =>
  ({ id, pinned, updatedAt }: SessionOverview): SessionPosition =>
    order === "created" ? id : [bit(pinned), updatedAt, id]

const keysOf = { activity: ["pinned", "updated_at", "id"], created: ["id"] } as const

export const layerSql: Layer.Layer<SessionLists, never, SqlClient.SqlClient> = Layer.effect(
  SessionLists,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const list = Effect.fnUntraced(function* (
      principal: Principal,
      { archived, before, bytes, limit, order, pinned }: SessionPage,
    ) {
      const inList = archived === undefined ? sql`` : sql`AND archived = ${bit(archived)}`
      const marked = pinned === undefined ? sql`` : sql`AND pinned = ${bit(pinned)}`
      const of = {
        table: "sessions",
        keys: keysOf[order],
        direction: "DESC",
        where: sql`${owned(sql, principal)} ${inList} ${marked} ${after(sql, before)}`,
        texts: ["org_id", "user_id", "title"],
        columns: facts(sql),
        limit,
        bytes,
      } as const
      return yield* PageSql.page(sql, of, decodeOverviews, positionIn(order))
    }, asStoreError("SessionLists.list"))

    const counts = Effect.fnUntraced(function* (principal: Principal) {
      // SQLite would read all runs of the user otherwise, by their index.
      const rows = yield* sql`WITH live AS MATERIALIZED (
          SELECT org_id, user_id, agent_id, deleted_at FROM runs WHERE status = 'running'
        )
        SELECT archived, pinned, COUNT(*) AS count, 0 AS running FROM sessions
          WHERE ${owned(sql, principal)} GROUP BY archived, pinned
        UNION ALL SELECT 0, 0, 0, COUNT(*) FROM live WHERE ${owned(sql, principal)}`
      return yield* decodeCounts(rows)
    }, asStoreError("SessionLists.counts"))

    const get = Effect.fnUntraced(function* (principal: Principal, id: SessionId) {
      const { orgId, userId } = principal
      const [session] = yield* decodeOverviews(
        yield* sql`SELECT t.*, ${facts(sql)} FROM sessions AS t
          WHERE id = ${id} AND org_id = ${orgId} AND user_id = ${userId} AND deleted_at IS NULL`,
      )
      if (session === undefined) return yield* new SessionNotFound({ sessionId: id })
      if (!mayUseAgent(principal, session.agentId))
        return yield* new AgentDenied({ agentId: session.agentId })
      return session
    }, asStoreError("SessionLists.get"))

    const update = Effect.fnUntraced(function* (
      principal: Principal,
      id: SessionId,
      { archived, pinned, title }: SessionChanges,
    ) {
      yield* get(principal, id)
      const changes = {
        ...(title === undefined ? {} : { title: JSON.stringify(title), title_source: "user" }),
        ...(pinned === undefined ? {} : { pinned: bit(pinned) }),
        ...(archived === undefined ? {} : { archived: bit(archived) }),
      }
      yield* sql`UPDATE sessions SET ${sql.update(changes)} WHERE id = ${id} AND deleted_at IS NULL`
      // It may have been deleted meanwhile.
      return yield* get(principal, id)
    }, asStoreError("SessionLists.update"))

    const runs: SessionLists["Service"]["runs"] = Effect.fnUntraced(function* (id, { before, bytes, limit }) {
      const older = before === undefined ? sql`` : sql`AND id < ${before}`
      const of = {
        table: "runs",
        keys: ["id"],
        direction: "DESC",
        where: sql`session_id = ${id} AND deleted_at IS NULL ${older}`,
        texts: ["error", "decision"],
        limit,
        bytes,
      } as const
      return yield* PageSql.page(sql, of, decodeRunSummaries, (run): RunId => run.id)
    }, asStoreError("SessionLists.runs"))

    const positionOf = Effect.fnUntraced(function* (id: SessionId, message: MessageId) {
      const [found] = yield* decodeSeqs(
        yield* sql`SELECT seq FROM messages WHERE id = ${message} AND session_id = ${id} AND deleted_at IS NULL`,
      )
      return found?.seq
    }, asStoreError("SessionLists.positionOf"))

    const isUntitled = Effect.fnUntraced(function* (id: SessionId) {
      const found = yield* sql`SELECT 1 AS found FROM sessions
        WHERE id = ${id} AND title_source = 'message' AND deleted_at IS NULL`
      return found.length > 0
    }, asStoreError("SessionLists.isUntitled"))

    const titleByModel = Effect.fnUntraced(function* (id: SessionId, title: string) {
      const written = yield* sql`UPDATE sessions SET title = ${JSON.stringify(title)}, title_source = 'model'
        WHERE id = ${id} AND title_source = 'message' AND deleted_at IS NULL RETURNING id`
      return written.length > 0
    }, asStoreError("SessionLists.titleByModel"))

    return SessionLists.of({ list, counts, get, update, runs, positionOf, isUntitled, titleByModel })
  }),
)
