/** `FeedbackStore` in the SQL database: one row for each answer with feedback. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SqlClient from "effect/sql/SqlClient"
import { Feedback, type Rated, Rating } from "../domain/Feedback.ts"
import { AgentId, type MessageId } from "../domain/Ids.ts"
import { ExecutionMode } from "../domain/Mode.ts"
import { AgentDenied, mayUseAgent, type Principal } from "../domain/Principal.ts"
import { FeedbackStore, NotAnAnswer } from "./FeedbackStore.ts"
import { MessageNotFound } from "./Messages.ts"
import { AnyText } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const rating = Schema.Literals([1, -1]).pipe(
  Schema.decodeTo(Rating, {
    decode: SchemaGetter.transform((stored: 1 | -1) => (stored === 1 ? ("up" as const) : ("down" as const))),
    encode: SchemaGetter.transform((given: Rating) => (given === "up" ? (1 as const) : (-1 as const))),
  }),
)

export const FeedbackRow = Schema.Struct({
  ...Feedback.fields,
  rating: Schema.NullOr(rating),
  comment: Schema.NullOr(AnyText),
}).pipe(
  Schema.encodeKeys({
    messageId: "message_id",
    runId: "run_id",
    sessionId: "session_id",
    createdAt: "created_at",
    updatedAt: "updated_at",
  }),
)
const ratedNumber = Schema.NullOr(Schema.Literals([1, 0, -1]))
const decodeRows = Schema.decodeUnknownEffect(Schema.Array(FeedbackRow))
const decodeReplaced = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ replaced_rating: ratedNumber })),
)
const decodeWithdrawn = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ rating: ratedNumber })))
const encodeComment = Schema.encodeEffect(Schema.NullOr(AnyText))
const decodeAnswers = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ role: Schema.String, agent_id: AgentId, mode: Schema.NullOr(ExecutionMode) })),
)

const ratedOf = (stored: 1 | 0 | -1 | null): Exclude<Rated, undefined> => {
  if (stored === 1) return "up"
  return stored === -1 ? "down" : "none"
}

const columns = ["rating", "score", "comment"]

export const layerSql: Layer.Layer<FeedbackStore, never, SqlClient.SqlClient> = Layer.effect(
  FeedbackStore,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const own = ({ orgId, userId }: Principal, id: MessageId) => sql`messages m
      JOIN runs r ON r.id = m.run_id JOIN sessions s ON s.id = m.session_id
      WHERE m.id = ${id} AND s.org_id = ${orgId} AND s.user_id = ${userId}
        AND m.deleted_at IS NULL AND s.deleted_at IS NULL`

    const answerOf = Effect.fnUntraced(function* (principal: Principal, id: MessageId) {
      const [found] = yield* decodeAnswers(
        yield* sql`SELECT m.role, r.agent_id, COALESCE(m.execution_mode, r.execution_mode) AS mode
          FROM ${own(principal, id)}`,
      )
      if (found === undefined) return yield* new MessageNotFound({ messageId: id })
      if (!mayUseAgent(principal, found.agent_id)) return yield* new AgentDenied({ agentId: found.agent_id })
      if (found.role !== "assistant") return yield* new NotAnAnswer({ messageId: id })
      return found
    })

    // PostgreSQL and SQLite lock the row, so `replaced_rating` is that of the write before, also of a concurrent one.
    const same = sql.and(
      columns.map((name) => sql`feedback.${sql(name)} IS NOT DISTINCT FROM excluded.${sql(name)}`),
    )
    const replace = sql`ON CONFLICT (message_id) DO UPDATE SET
      replaced_rating = COALESCE(feedback.rating, 0), rating = excluded.rating, score = excluded.score,
      comment = excluded.comment,
      updated_at = CASE WHEN ${same} THEN feedback.updated_at ELSE excluded.updated_at END`

    /** A deletion of the message waits, so that no feedback outlives it. */
    const untilCommit = sql.onDialectOrElse({ pg: () => sql`FOR SHARE OF m`, orElse: () => sql`` })

    const put: FeedbackStore["Service"]["put"] = Effect.fnUntraced(function* (principal, id, given, now) {
      const { mode } = yield* answerOf(principal, id)
      const stored = given.rating === null ? null : given.rating === "up" ? 1 : -1
      const comment = yield* encodeComment(given.comment)
      // The message may be deleted meanwhile.
      const rows = yield* sql`INSERT INTO feedback (message_id, run_id, session_id, org_id, user_id, cohort,
          rating, score, comment, created_at, updated_at)
        SELECT m.id, m.run_id, m.session_id, s.org_id, s.user_id, r.cohort,
          ${stored}, ${given.score}, ${comment}, ${now}, ${now}
        FROM ${own(principal, id)} ${untilCommit} ${replace} RETURNING *`
      const [feedback] = yield* decodeRows(rows)
      const [before] = yield* decodeReplaced(rows)
      if (feedback === undefined || before === undefined) return yield* new MessageNotFound({ messageId: id })
      const from = before.replaced_rating === null ? undefined : ratedOf(before.replaced_rating)
      return { feedback, change: { mode, from, to: feedback.rating ?? ("none" as const) } }
    }, asStoreError("FeedbackStore.put"))

    const withdraw: FeedbackStore["Service"]["withdraw"] = Effect.fnUntraced(function* (principal, id) {
      const { mode } = yield* answerOf(principal, id)
      const [before] = yield* decodeWithdrawn(
        yield* sql`DELETE FROM feedback WHERE message_id = ${id} RETURNING rating`,
      )
      return { mode, from: before === undefined ? undefined : ratedOf(before.rating), to: undefined }
    }, asStoreError("FeedbackStore.withdraw"))

    const get: FeedbackStore["Service"]["get"] = Effect.fnUntraced(function* (principal, id) {
      yield* answerOf(principal, id)
      const [feedback] = yield* decodeRows(yield* sql`SELECT * FROM feedback WHERE message_id = ${id}`)
      return feedback
    }, asStoreError("FeedbackStore.get"))

    const ofMessages: FeedbackStore["Service"]["ofMessages"] = Effect.fnUntraced(function* (ids) {
      if (ids.length === 0) return new Map<MessageId, never>()
      const rows = yield* sql`SELECT * FROM feedback WHERE ${sql.in("message_id", ids)}`.unprepared
      return new Map((yield* decodeRows(rows)).map((feedback) => [feedback.messageId, feedback]))
    }, asStoreError("FeedbackStore.ofMessages"))

    return FeedbackStore.of({ put, withdraw, get, ofMessages })
  }),
)
