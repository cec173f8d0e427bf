/** `Sessions` in the SQL database. Each read of a session names its owner, so it never finds another user's. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import { clientKey } from "../domain/ClientKey.ts"
import { type MessageId, SessionId } from "../domain/Ids.ts"
import type { Session } from "../domain/Session.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import * as PageSql from "./PageSql.ts"
import { SessionNotFound, Sessions } from "./Sessions.ts"
import * as ShownMessagesSql from "./ShownMessagesSql.ts"
import { BranchRow, SessionRow, TreeRow } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const decodeSessions = Schema.decodeUnknownEffect(Schema.Array(SessionRow))
const decodeBranch = Schema.decodeUnknownEffect(Schema.Array(BranchRow))
const decodeTree = Schema.decodeUnknownEffect(Schema.Array(TreeRow))

/** Twice the turns that the history rule keeps, so that ten of them may be blank. */
const mostAnswers = 20
/** A million tokens. Real messages are far smaller; forty runaway answers would fill the memory. */
const mostBytes = 4 * 1024 * 1024
/** A session may have failed this often in a row and still know its earlier messages. Each step is one index lookup. */
const mostSteps = 200

/** Clients send their whole history, and a body of 1 MiB has fewer messages. */
const mostOfTree = 10_000

const isSessionId = Schema.is(SessionId)

const allowed = (principal: Principal, session: Session) =>
  mayUseAgent(principal, session.agentId)
    ? Effect.succeed(session)
    : Effect.fail(new AgentDenied({ agentId: session.agentId }))

export const layerSql: Layer.Layer<Sessions, never, SqlClient.SqlClient> = Layer.effect(
  Sessions,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const decodeShown = ShownMessagesSql.decode(sql)

    /** A run names its answer. The message of a turn that failed is in no run. */
    const isAnswered = sql`CASE WHEN r.assistant_message_id IS NULL OR r.deleted_at IS NOT NULL THEN 0
      WHEN m.role = 'assistant' AND r.assistant_message_id <> m.id THEN 0 ELSE 1 END`

    /** The runs of these messages have reached an upstream, even if the messages are deleted since. */
    const hasEarlier = (parent: Fragment, before: Fragment) => sql`EXISTS (SELECT 1 FROM messages o
      JOIN runs q ON q.id = o.run_id WHERE o.parent_message_id = ${parent} ${before}
        AND (o.role = 'user' OR q.assistant_message_id = o.id))`

    const get = Effect.fnUntraced(function* (principal: Principal, id: SessionId) {
      const [session] = yield* decodeSessions(
        yield* sql`SELECT * FROM sessions
          WHERE id = ${id} AND org_id = ${principal.orgId} AND user_id = ${principal.userId}
            AND deleted_at IS NULL`,
      )
      return yield* allowed(principal, session ?? (yield* new SessionNotFound({ sessionId: id })))
    }, asStoreError("Sessions.get"))

    const ofClient = Effect.fnUntraced(function* (principal: Principal, clientId: string) {
      const id = isSessionId(clientId) ? clientId : null
      const [session] = yield* decodeSessions(
        yield* sql`SELECT * FROM sessions
          WHERE (id = ${id} OR (client_key = ${clientKey(principal, clientId)} AND deleted_at IS NULL))
            AND org_id = ${principal.orgId} AND user_id = ${principal.userId} AND deleted_at IS NULL`,
      )
      return session === undefined ? undefined : yield* allowed(principal, session)
    }, asStoreError("Sessions.ofClient"))

    const messages: Sessions["Service"]["messages"] = Effect.fnUntraced(function* (id, { before, limit }) {
      const older = before === undefined ? sql`` : sql`AND seq < ${before}`
      const of = {
        table: "messages",
        keys: ["seq", "id"],
        direction: "DESC",
        where: sql`session_id = ${id} AND deleted_at IS NULL ${older}`,
        texts: ["content"],
        more: ShownMessagesSql.bytesOf(sql, "messages"),
        limit,
      } as const
      const newestFirst = yield* PageSql.page(sql, of, decodeShown, ({ seq }) => seq)
      const entries = newestFirst.entries.map(({ message }) => message)
      return { ...newestFirst, entries: entries.toReversed() }
    }, asStoreError("Sessions.messages"))

    const branch = Effect.fnUntraced(function* (id: SessionId, end?: MessageId) {
      const last =
        end === undefined
          ? sql`(SELECT * FROM messages WHERE session_id = ${id} AND deleted_at IS NULL ORDER BY seq DESC LIMIT 1)`
          : sql`(SELECT * FROM messages WHERE id = ${end} AND session_id = ${id} AND deleted_at IS NULL)`
      // The walk carries ids only; it reads whole messages only for candidates.
      const newestFirst = yield* decodeBranch(
        yield* sql`WITH RECURSIVE steps (id, parent_message_id, seq, step, always, answers, forked) AS (
            SELECT m.id, m.parent_message_id, m.seq, 1, CASE WHEN m.role = 'assistant' AND ${isAnswered} = 0 THEN 2 ELSE 1 END,
              CASE WHEN m.role = 'assistant' THEN 1 ELSE 0 END,
              CASE WHEN m.forked = 1 OR ${hasEarlier(sql`m.id`, sql``)} THEN 1 ELSE 0 END
            FROM ${last} AS m JOIN runs r ON r.id = m.run_id
            UNION ALL
            SELECT m.id, m.parent_message_id, m.seq, s.step + 1, s.always,
              s.answers + CASE WHEN r.assistant_message_id = m.id THEN 1 ELSE 0 END,
              CASE WHEN s.forked = 1 OR m.forked = 1 OR ${hasEarlier(sql`m.id`, sql`AND o.seq < s.seq`)} THEN 1 ELSE 0 END
            FROM steps s JOIN messages m ON m.id = s.parent_message_id AND m.deleted_at IS NULL JOIN runs r ON r.id = m.run_id
            WHERE s.step < ${mostSteps} AND s.answers <= ${mostAnswers}
          ), near AS (
            SELECT m.id, s.step, s.always, octet_length(m.content) + COALESCE(octet_length(m.record), 0) AS size,
              ${isAnswered} AS answered,
              CASE WHEN s.forked = 1 OR (m.parent_message_id IS NULL
                AND EXISTS (SELECT 1 FROM messages o WHERE o.session_id = m.session_id AND o.seq < m.seq))
                THEN 1 ELSE 0 END AS forked
            FROM steps s JOIN messages m ON m.id = s.id JOIN runs r ON r.id = m.run_id
            WHERE (s.step <= s.always OR ${isAnswered} = 1) AND m.deleted_at IS NULL
            ORDER BY s.step LIMIT ${2 * mostAnswers}
          )
          SELECT m.id, m.session_id, m.run_id, m.role, m.content, m.parent_message_id, m.execution_mode,
            m.created_at, m.record, m.attachments, sized.answered, sized.forked
          FROM (SELECT id, step, always, answered, forked, SUM(size) OVER (ORDER BY step) AS total FROM near) AS sized
          JOIN messages m ON m.id = sized.id
          WHERE sized.step <= sized.always OR sized.total <= ${mostBytes} ORDER BY sized.step`,
      )
      return newestFirst.toReversed()
    }, asStoreError("Sessions.branch"))

    const tree = Effect.fnUntraced(function* (id: SessionId) {
      // The record of a user's message has only answers, so it need not be read.
      const newestFirst = yield* decodeTree(
        yield* sql`SELECT id, role, content, parent_message_id, run_id, answers, answered FROM (
            SELECT m.id, m.role, m.content, m.parent_message_id, m.run_id, m.seq, ${isAnswered} AS answered,
              CASE WHEN m.role = 'user' AND m.record IS NOT NULL THEN 1 ELSE 0 END AS answers,
              SUM(octet_length(m.content)) OVER (ORDER BY m.seq DESC) AS total
            FROM (SELECT * FROM messages WHERE session_id = ${id} AND deleted_at IS NULL
              ORDER BY seq DESC LIMIT ${mostOfTree}) AS m JOIN runs r ON r.id = m.run_id
          ) AS sized
          WHERE total <= ${mostBytes} ORDER BY seq DESC`,
      )
      return newestFirst.toReversed()
    }, asStoreError("Sessions.tree"))

    return Sessions.of({ get, ofClient, messages, branch, tree })
  }),
)
