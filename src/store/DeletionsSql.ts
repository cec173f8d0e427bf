/**
 * `Deletions` in the SQL database. Each change locks its session's row first, as the start of a turn does, so that no
 * turn begins on a message that is being deleted. Runs are marked before messages. The end of a run locks the run's row
 * and copies its deletion to the new message.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import { AgentId, type MessageId, RunId, SessionId } from "../domain/Ids.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import { Replica } from "../platform/Replica.ts"
import { BelowDeleted, Deletions, purgeAtOnce } from "./Deletions.ts"
import * as DeletionMarks from "./DeletionMarks.ts"
import { MessageNotFound } from "./Messages.ts"
import { SessionNotFound } from "./Sessions.ts"
import { asStoreError } from "./SqlStoreError.ts"

const Found = Schema.Struct({
  session_id: SessionId,
  agent_id: AgentId,
  deleted_at: Schema.NullOr(Schema.Int),
  session_deleted_at: Schema.NullOr(Schema.Int),
})
const decodeFound = Schema.decodeUnknownEffect(Schema.Array(Found))
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: RunId })))
const decodeSessionIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: SessionId })))
const decodeCounts = Schema.decodeUnknownEffect(
  Schema.Tuple([Schema.Struct({ messages: Schema.Int, runs: Schema.Int })]),
)

/** The sessions of one step are one transaction. A session can have thousands of messages, so a large one is alone. */
const sessionsAStep = 5
const messagesAStep = 1000

/** The first sessions within the limit of messages, at least one. */
const withinMessages = <One extends { readonly messages: number }>(
  sessions: ReadonlyArray<One>,
): ReadonlyArray<One> => {
  let messages = 0
  return sessions.filter((one, index) => {
    messages += one.messages
    return index === 0 || messages <= messagesAStep
  })
}

const idsOf = (rows: ReadonlyArray<object>) =>
  Effect.map(decodeIds(rows), (found) => found.map(({ id }) => id))

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const replica = yield* Replica
  const { deletedAbove, mark, restore, retitle } = DeletionMarks.make(sql)

  const ofUser = ({ orgId, userId }: Principal) => sql`s.org_id = ${orgId} AND s.user_id = ${userId}`

  const find = <E>(principal: Principal, of: Fragment, missing: E) =>
    Effect.gen(function* () {
      const [found] = yield* decodeFound(yield* sql`${of} AND ${ofUser(principal)}`)
      if (found === undefined) return yield* Effect.fail(missing)
      if (!mayUseAgent(principal, found.agent_id)) return yield* new AgentDenied({ agentId: found.agent_id })
      return found
    })
  const findSession = (principal: Principal, id: SessionId) =>
    find(
      principal,
      sql`SELECT s.id AS session_id, s.agent_id, s.deleted_at, s.deleted_at AS session_deleted_at
        FROM sessions s WHERE s.id = ${id}`,
      new SessionNotFound({ sessionId: id }),
    )
  const findMessage = (principal: Principal, id: MessageId) =>
    find(
      principal,
      sql`SELECT m.session_id, s.agent_id, m.deleted_at, s.deleted_at AS session_deleted_at
        FROM messages m JOIN sessions s ON s.id = m.session_id WHERE m.id = ${id}`,
      new MessageNotFound({ messageId: id }),
    )

  /** A repeated deletion of purged rows finds the id here. */
  const wasDeleted = ({ orgId, userId }: Principal, id: string) =>
    Effect.map(
      sql`SELECT 1 AS found FROM deletions WHERE org_id = ${orgId} AND user_id = ${userId} AND id = ${id}`,
      (rows) => rows.length > 0,
    )
  const remember = ({ orgId, userId }: Principal, id: string, at: number) =>
    sql`INSERT INTO deletions ${sql.insert({ org_id: orgId, user_id: userId, id, at })}
      ON CONFLICT (org_id, user_id, id) DO UPDATE SET at = excluded.at`
  const forget = ({ orgId, userId }: Principal, id: string) =>
    sql`DELETE FROM deletions WHERE org_id = ${orgId} AND user_id = ${userId} AND id = ${id}`

  const runningIn = (session: SessionId) =>
    Effect.flatMap(
      sql`SELECT id FROM runs WHERE session_id = ${session} AND status = 'running' AND deleted_at IS NOT NULL`,
      idsOf,
    )

  const countIn = (session: SessionId) =>
    Effect.map(
      Effect.flatMap(
        sql`SELECT (SELECT COUNT(*) FROM messages WHERE session_id = ${session}) AS messages,
          (SELECT COUNT(*) FROM runs WHERE session_id = ${session}) AS runs`,
        decodeCounts,
      ),
      ([counts]) => counts,
    )

  const before = { deleted: false, running: [] }

  /** The earlier steps of a large change. If one fails, the row that was asked for is as it was, and a repeat continues. */
  const inSteps = <E>(operation: string, step: Effect.Effect<boolean, E>) =>
    step.pipe(
      sql.withTransaction,
      asStoreError(operation),
      Effect.tap(Effect.yieldNow),
      Effect.repeat({ while: (isMore) => isMore }),
    )

  const deleteSession: Deletions["Service"]["deleteSession"] = Effect.fnUntraced(
    function* (principal, id, at) {
      const operation = asStoreError("Deletions.deleteSession")
      const found = yield* Effect.catchTag(findSession(principal, id), "SessionNotFound", (missing) =>
        Effect.flatMap(wasDeleted(principal, id), (deleted) =>
          deleted ? Effect.undefined : Effect.fail(missing),
        ),
      ).pipe(operation)
      if (found === undefined || found.deleted_at !== null) return before
      yield* inSteps("Deletions.deleteSession", mark.step(id, undefined, at))
      yield* Effect.andThen(mark.session(id, at), remember(principal, id, at)).pipe(
        sql.withTransaction,
        operation,
      )
      return { deleted: true, running: yield* operation(runningIn(id)) }
    },
  )

  const deleteMessage: Deletions["Service"]["deleteMessage"] = Effect.fnUntraced(
    function* (principal, id, at) {
      const operation = asStoreError("Deletions.deleteMessage")
      const found = yield* Effect.catchTag(findMessage(principal, id), "MessageNotFound", (missing) =>
        Effect.flatMap(wasDeleted(principal, id), (deleted) =>
          deleted ? Effect.undefined : Effect.fail(missing),
        ),
      ).pipe(operation)
      if (found === undefined || (found.deleted_at ?? found.session_deleted_at) !== null) return before
      const session = found.session_id
      yield* inSteps("Deletions.deleteMessage", mark.step(session, id, at))
      yield* mark
        .below(session, id, at)
        .pipe(
          Effect.andThen(retitle(session)),
          Effect.andThen(remember(principal, id, at)),
          sql.withTransaction,
          operation,
        )
      return { deleted: true, running: yield* operation(runningIn(session)) }
    },
  )

  const restoreSession: Deletions["Service"]["restoreSession"] = Effect.fnUntraced(
    function* (principal, id, after) {
      const operation = asStoreError("Deletions.restoreSession")
      const { deleted_at } = yield* operation(findSession(principal, id))
      if (deleted_at === null) return
      if (deleted_at <= after) return yield* new SessionNotFound({ sessionId: id })
      yield* inSteps("Deletions.restoreSession", restore.step(id, undefined, deleted_at))
      yield* Effect.andThen(restore.session(id, deleted_at), forget(principal, id)).pipe(
        sql.withTransaction,
        operation,
      )
    },
  )

  const belowNone = Effect.fnUntraced(function* (id: MessageId, after: number) {
    const ancestorId = yield* deletedAbove(id, after)
    if (ancestorId !== undefined) return yield* new BelowDeleted({ messageId: id, ancestorId })
  })

  const restoreMessage: Deletions["Service"]["restoreMessage"] = Effect.fnUntraced(
    function* (principal, id, after) {
      const operation = asStoreError("Deletions.restoreMessage")
      const { deleted_at, session_deleted_at, session_id } = yield* operation(findMessage(principal, id))
      if (session_deleted_at === null && deleted_at === null) return
      if (session_deleted_at !== null || deleted_at === null || deleted_at <= after)
        return yield* new MessageNotFound({ messageId: id })
      yield* operation(belowNone(id, after))
      yield* inSteps("Deletions.restoreMessage", restore.step(session_id, id, deleted_at))
      yield* Effect.gen(function* () {
        yield* restore.below(session_id, id, deleted_at)
        // The session is locked now.
        yield* belowNone(id, after)
        yield* retitle(session_id)
        yield* forget(principal, id)
      }).pipe(sql.withTransaction, operation)
    },
  )

  const running = Effect.suspend(
    () => sql`SELECT id FROM runs
      WHERE status = 'running' AND owner = ${replica.id} AND deleted_at IS NOT NULL`,
  ).pipe(Effect.flatMap(idsOf), asStoreError("Deletions.running"))

  const deleteSome: Deletions["Service"]["deleteSome"] = Effect.fnUntraced(function* ({ orgId, userId }) {
    const user = userId === null ? sql`` : sql`AND user_id = ${userId}`
    const some = (condition: Fragment) =>
      Effect.flatMap(
        sql`SELECT id FROM sessions WHERE org_id = ${orgId} ${user} AND ${condition} LIMIT ${sessionsAStep}`,
        decodeSessionIds,
      )
    // One condition for both would make each step pass all the sessions of the steps before.
    const live = yield* some(sql`deleted_at IS NULL`)
    const sessions = live.length > 0 ? live : yield* some(sql`deleted_at > ${purgeAtOnce}`)
    if (sessions.length === 0) return undefined
    const counted = yield* Effect.forEach(sessions, ({ id }) =>
      Effect.map(countIn(id), (counts) => ({ ...counts, id })),
    )
    const step = withinMessages(counted)
    const [first] = step
    if (first !== undefined && (yield* sql.withTransaction(mark.step(first.id, undefined, purgeAtOnce))))
      return { sessions: 0, messages: 0, runs: 0, running: [] }
    yield* Effect.forEach(step, ({ id }) => mark.session(id, purgeAtOnce), { discard: true }).pipe(
      sql.withTransaction,
    )
    return {
      sessions: step.length,
      messages: step.reduce((sum, { messages }) => sum + messages, 0),
      runs: step.reduce((sum, { runs }) => sum + runs, 0),
      running: (yield* Effect.forEach(step, ({ id }) => runningIn(id))).flat(),
    }
  }, asStoreError("Deletions.deleteSome"))

  return Deletions.of({ deleteSession, deleteMessage, restoreSession, restoreMessage, running, deleteSome })
})

export const layerSql: Layer.Layer<Deletions, never, Replica | SqlClient.SqlClient> = Layer.effect(
  Deletions,
  make,
)
