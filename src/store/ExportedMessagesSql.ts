/** `ExportedMessages` in the SQL database. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as SqlClient from "effect/sql/SqlClient"
import { Attachment } from "../domain/Attachment.ts"
import type { ExportedMessage } from "../domain/ExportedMessage.ts"
import { MessageId, type SessionId } from "../domain/Ids.ts"
import { ExportedMessages } from "./ExportedMessages.ts"
import * as PageSql from "./PageSql.ts"
import { AnyText, MessageRow } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

/** The export holds several copies of a page, and many exports may run at once. */
const bytesAPage = 64 * 1024
const messagesAPage = 200

const MoreRow = Schema.Struct({
  seq: Schema.Int,
  parts: Schema.NullOr(Schema.fromJsonString(Schema.Array(Schema.Json))),
  attachments: Schema.NullOr(Schema.fromJsonString(Schema.Array(Attachment))),
})
const FeedbackRow = Schema.Struct({
  message_id: MessageId,
  rating: Schema.NullOr(Schema.Literals([1, -1])),
  score: Schema.NullOr(Schema.Finite),
  comment: Schema.NullOr(AnyText),
  created_at: Schema.Int,
  updated_at: Schema.Int,
})
const decodeMessages = Schema.decodeUnknownEffect(Schema.Array(MessageRow))
const decodeMore = Schema.decodeUnknownEffect(Schema.Array(MoreRow))
const decodeFeedback = Schema.decodeUnknownEffect(Schema.Array(FeedbackRow))

type Feedback = NonNullable<ExportedMessage["feedback"]>

const ratings = { "1": "up", "-1": "down" } as const

const feedbackOf = (row: typeof FeedbackRow.Type): Feedback => ({
  rating: row.rating === null ? null : ratings[row.rating],
  score: row.score,
  comment: row.comment,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** Messages with their positions in the session. */
const decodePlaced = (rows: ReadonlyArray<object>) =>
  Effect.map(Effect.all([decodeMessages(rows), decodeMore(rows)]), ([messages, more]) =>
    messages.flatMap((message, index) => {
      const row = more[index]
      if (row === undefined) return []
      return [{ ...message, seq: row.seq, parts: row.parts ?? [], attachments: row.attachments ?? [] }]
    }),
  )

export const layerSql: Layer.Layer<ExportedMessages, never, SqlClient.SqlClient> = Layer.effect(
  ExportedMessages,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const feedback = Effect.fnUntraced(function* (ids: ReadonlyArray<MessageId>) {
      if (ids.length === 0) return new Map<MessageId, Feedback>()
      // The number of ids varies, so the statement is not worth preparing.
      const rows = yield* sql`SELECT message_id, rating, score, comment, created_at, updated_at FROM feedback
        WHERE ${sql.in("message_id", ids)}`.unprepared
      return new Map((yield* decodeFeedback(rows)).map((row) => [row.message_id, feedbackOf(row)]))
    })

    const page = Effect.fnUntraced(function* (id: SessionId, after: number) {
      const of = {
        table: "messages",
        keys: ["seq", "id"],
        direction: "ASC",
        where: sql`session_id = ${id} AND deleted_at IS NULL AND seq > ${after}`,
        texts: ["content", "parts", "attachments"],
        limit: messagesAPage,
        bytes: bytesAPage,
      } as const
      const { entries, next } = yield* PageSql.page(sql, of, decodePlaced, ({ seq }) => seq)
      const answers = entries.filter(({ role }) => role === "assistant")
      const given = yield* feedback(answers.map((answer): MessageId => answer.id))
      return {
        next,
        entries: entries.map((message) => ({
          ...Struct.omit(message, ["seq"]),
          feedback: given.get(message.id) ?? null,
        })),
      }
    }, asStoreError("ExportedMessages.page"))

    return ExportedMessages.of({ page })
  }),
)
