/** `Messages` in the SQL database. Each statement reads one path or one level of a tree, so its cost has a bound. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import { MessageId, type SessionId } from "../domain/Ids.ts"
import { firstPage } from "../domain/Page.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import { ChatMessage } from "../domain/Session.ts"
import { MessageNotFound, Messages, type PathMessage } from "./Messages.ts"
import * as ShownMessagesSql from "./ShownMessagesSql.ts"
import { SessionRow } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const { id, parentMessageId, role } = ChatMessage.fields

const Found = Schema.Struct({
  message_id: id,
  message_role: role,
  message_parent: parentMessageId,
  compared: Schema.BooleanFromBit,
})
const Step = Schema.Struct({
  id,
  parent_message_id: parentMessageId,
  role,
  seq: Schema.Int,
  size: Schema.Int,
})
const Sibling = Schema.Struct({ id, parent_message_id: parentMessageId })

const decodeFound = Schema.decodeUnknownEffect(Schema.Array(Found))
const decodeSessions = Schema.decodeUnknownEffect(Schema.Array(SessionRow))
const decodeSteps = Schema.decodeUnknownEffect(Schema.Array(Step))
const decodeSiblings = Schema.decodeUnknownEffect(Schema.Array(Sibling))
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: MessageId })))

/** The siblings of a page. As JSON, an id takes about 40 bytes. */
const mostSiblings = 10_000
const bytesOfId = 40
/** The depth to which a newest branch is followed. A step is one index lookup. */
const mostLevels = 10_000

/** The siblings by their parent, oldest first. Messages of a path that follow the same message are of one role. */
const byParent = (newestFirst: ReadonlyArray<typeof Sibling.Type>) => {
  const groups = new Map<MessageId | null, Array<MessageId>>()
  for (const { id, parent_message_id } of newestFirst.toReversed()) {
    const group = groups.get(parent_message_id)
    if (group === undefined) groups.set(parent_message_id, [id])
    else group.push(id)
  }
  return groups
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const decodeShown = ShownMessagesSql.decode(sql)

  const find = Effect.fnUntraced(function* (principal: Principal, messageId: MessageId) {
    const rows = yield* sql`SELECT s.*, m.id AS message_id, m.role AS message_role,
        m.parent_message_id AS message_parent, CASE WHEN r.cohort IS NULL THEN 0 ELSE 1 END AS compared
      FROM messages m JOIN sessions s ON s.id = m.session_id JOIN runs r ON r.id = m.run_id
      WHERE m.id = ${messageId} AND s.org_id = ${principal.orgId} AND s.user_id = ${principal.userId}
        AND m.deleted_at IS NULL AND s.deleted_at IS NULL`
    const [session] = yield* decodeSessions(rows)
    const [message] = yield* decodeFound(rows)
    if (session === undefined || message === undefined) return yield* new MessageNotFound({ messageId })
    if (!mayUseAgent(principal, session.agentId)) return yield* new AgentDenied({ agentId: session.agentId })
    return {
      id: message.message_id,
      role: message.message_role,
      parentMessageId: message.message_parent,
      session,
      isCompared: message.compared,
    }
  }, asStoreError("Messages.find"))

  const startOf = (session: SessionId, leaf: MessageId | "latest", before: number | undefined): Fragment => {
    if (before !== undefined)
      return sql`(SELECT p.* FROM messages c JOIN messages p ON p.id = c.parent_message_id
        WHERE c.session_id = ${session} AND c.seq = ${before} AND p.deleted_at IS NULL)`
    return leaf === "latest"
      ? sql`(SELECT * FROM messages WHERE session_id = ${session} AND deleted_at IS NULL
          ORDER BY seq DESC LIMIT 1)`
      : sql`(SELECT * FROM messages WHERE id = ${leaf} AND session_id = ${session} AND deleted_at IS NULL)`
  }

  /** The path upwards, newest first: ids and sizes only. A path ends at a deleted message. */
  const walk = (start: Fragment, limit: number): Fragment => {
    const columns = sql`m.id, m.parent_message_id, m.role, m.seq,
      octet_length(m.content) + ${ShownMessagesSql.bytesOf(sql, "m")}`
    return sql`WITH RECURSIVE steps (id, parent_message_id, role, seq, size, step) AS (
        SELECT ${columns}, 1 FROM ${start} AS m
        UNION ALL
        SELECT ${columns}, s.step + 1 FROM steps s JOIN messages m ON m.id = s.parent_message_id
        WHERE s.step < ${limit} AND m.deleted_at IS NULL
      )`
  }

  /**
   * The index of parents does not have the first messages of sessions: those of this session are read only for a path that
   * begins with one. With a plain JOIN, SQLite would read all messages and look for each in the path.
   */
  const siblingsOf = (session: SessionId, steps: Fragment) =>
    Effect.map(
      Effect.flatMap(
        sql`${steps} SELECT id, parent_message_id FROM (
            SELECT m.id, m.parent_message_id, m.seq
            FROM steps s CROSS JOIN messages m
            WHERE m.parent_message_id = s.parent_message_id AND m.role = s.role AND m.deleted_at IS NULL
            UNION ALL
            SELECT m.id, m.parent_message_id, m.seq FROM messages m
            WHERE EXISTS (SELECT 1 FROM steps WHERE parent_message_id IS NULL)
              AND m.session_id = ${session} AND m.role IN (SELECT role FROM steps WHERE parent_message_id IS NULL)
              AND COALESCE(m.parent_message_id, '') = '' AND m.deleted_at IS NULL
          ) AS near ORDER BY seq DESC LIMIT ${mostSiblings}`,
        decodeSiblings,
      ),
      byParent,
    )

  const path: Messages["Service"]["path"] = Effect.fnUntraced(function* (session, leaf, { before, limit }) {
    const start = startOf(session, leaf, before)
    const all = walk(start, limit + 1)
    const steps = yield* decodeSteps(yield* sql`${all} SELECT * FROM steps ORDER BY step`)
    if (steps.length === 0 && leaf !== "latest" && before === undefined)
      return yield* new MessageNotFound({ messageId: leaf })
    const siblings = yield* siblingsOf(session, all)
    const withSiblings = steps.map(({ id, parent_message_id, seq, size }) => {
      const found = siblings.get(parent_message_id) ?? []
      return { seq, size, siblings: found.includes(id) ? found : [id, ...found] }
    })
    const sizeOf = (step: (typeof withSiblings)[number]) => step.size + bytesOfId * step.siblings.length
    const { entries, next } = firstPage(withSiblings, limit, sizeOf, ({ seq }) => seq)
    const messages = yield* decodeShown(
      yield* sql`${walk(start, entries.length)} SELECT m.* FROM steps s JOIN messages m ON m.id = s.id ORDER BY s.step`,
    )
    const shown = messages.map(({ message }, index): PathMessage => ({
      ...message,
      siblings: entries[index]?.siblings ?? [message.id],
    }))
    return { entries: shown.toReversed(), next }
  }, asStoreError("Messages.path"))

  const leafOf = Effect.fnUntraced(function* (messageId: MessageId) {
    const newest = sql`SELECT m.id FROM messages m WHERE m.parent_message_id = d.id AND m.deleted_at IS NULL
      ORDER BY m.seq DESC LIMIT 1`
    const [leaf] = yield* decodeIds(
      yield* sql`WITH RECURSIVE down (id, level) AS (
          SELECT id, 1 FROM messages WHERE id = ${messageId}
          UNION ALL
          SELECT (${newest}), d.level + 1 FROM down d WHERE d.id IS NOT NULL AND d.level < ${mostLevels}
        ) SELECT id FROM down WHERE id IS NOT NULL ORDER BY level DESC LIMIT 1`,
    )
    return leaf?.id ?? messageId
  }, asStoreError("Messages.leafOf"))

  return Messages.of({ find, path, leafOf })
})

export const layerSql: Layer.Layer<Messages, never, SqlClient.SqlClient> = Layer.effect(Messages, make)
