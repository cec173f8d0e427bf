/** Reads messages as their session shows them: rows of `messages` with the facts of their runs. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import type { RunId } from "../domain/Ids.ts"
import type { ChatMessage } from "../domain/Session.ts"
import { type Answered, shownOf, type StoredMessage } from "./ShownMessage.ts"
import { AnswerRow, ShownRow } from "./SqlRows.ts"

const decodeRows = Schema.decodeUnknownEffect(Schema.Array(ShownRow))
const decodeAnswers = Schema.decodeUnknownEffect(Schema.Array(AnswerRow))

/**
 * The bytes of a row of the table `messages`, or of its alias, besides its content. The content of an answer without stored
 * parts is shown again as its one part. The facts of a run take about 1000 bytes.
 */
export const bytesOf = (sql: SqlClient.SqlClient, row: "m" | "messages"): Fragment => {
  const of = (column: string) => sql`${sql(`${row}.${column}`)}`
  return sql`CASE WHEN ${of("role")} = 'user' THEN 500 + COALESCE(octet_length(${of("attachments")}), 0)
    ELSE 1500 + COALESCE(octet_length(${of("parts")}), octet_length(${of("content")})) END`
}

/** The facts of the runs of these messages. The last attempt names the mode and the model of a turn that failed. */
const runsOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, messages: ReadonlyArray<ChatMessage>) {
  const ids = [...new Set(messages.flatMap(({ role, runId }) => (role === "assistant" ? [runId] : [])))]
  if (ids.length === 0) return new Map<RunId, Answered>()
  const rows = yield* sql`SELECT r.id, r.status, r.error, r.finish_reason, r.usage, r.created_at, r.ended_at,
      COALESCE(r.model, a.model) AS model, COALESCE(r.execution_mode, a.mode) AS execution_mode
    FROM runs r LEFT JOIN attempts a ON a.run_id = r.id AND a.shadow = 0
      AND a.number = (SELECT MAX(number) FROM attempts WHERE run_id = r.id AND shadow = 0)
    WHERE ${sql.in("r.id", ids)}`.unprepared
  return new Map((yield* decodeAnswers(rows)).map((answer) => [answer.runId, answer]))
})

/** Whole rows of `messages`, each with its position in the session. */
export const decode = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function* (rows: ReadonlyArray<object>) {
    const found = yield* decodeRows(rows)
    const runs = yield* runsOf(sql, found)
    return found.map(({ record, seq, ...row }) => {
      const message: StoredMessage = { ...row, answers: record?.answers ?? [] }
      return { seq, message: shownOf(message, runs) }
    })
  })
