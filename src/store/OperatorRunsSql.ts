/**
 * `OperatorRuns` in the SQL database. Ids sort by start, so every list follows an index from its newest run. A filter
 * without an index examines at most `mostExamined` runs for a page: SQLite's calls block the event loop.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import { Attachment } from "../domain/Attachment.ts"
import type { Feedback } from "../domain/Feedback.ts"
import { lowestIdAt, type RunId } from "../domain/Ids.ts"
import { type ListedRun, withoutComment } from "../domain/ListedRun.ts"
import { Run } from "../domain/Run.ts"
import { Message } from "../protocol/agent2ui/Message.ts"
import { FeedbackRow } from "./FeedbackStoreSql.ts"
import { OperatorRuns, type RunFilter, type RunScope } from "./OperatorRuns.ts"
import * as PageSql from "./PageSql.ts"
import { RunNotFound } from "./Runs.ts"
import * as Rows from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const mostExamined = 2000

const decodeRuns = Schema.decodeUnknownEffect(Schema.Array(Rows.RunRow))
const decodeAttempts = Schema.decodeUnknownEffect(Schema.Array(Rows.AttemptRow))
const decodeMessages = Schema.decodeUnknownEffect(Schema.Array(Rows.MessageRow))
const decodeShown = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      parts: Schema.NullOr(Schema.fromJsonString(Schema.Array(Message))),
      attachments: Schema.NullOr(Schema.fromJsonString(Schema.Array(Attachment))),
    }),
  ),
)
const decodeFeedback = Schema.decodeUnknownEffect(Schema.Array(FeedbackRow))
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: Run.fields.id })))

const toListed = (run: Run, feedback: Feedback | undefined): ListedRun => {
  const { decision, error, assistantMessageId: _, userMessageId: __, ...facts } = run
  return {
    ...facts,
    reason: decision.reason,
    code: error?.code ?? null,
    feedback: feedback === undefined ? null : withoutComment(feedback),
  }
}

/** The columns that a list may compare with a value. */
type Equal = Readonly<Record<"trace_id" | "session_id" | "org_id" | "user_id", string | undefined>>

const columnsOf = (by: Equal) =>
  (["trace_id", "session_id", "org_id", "user_id"] as const).filter((column) => by[column] !== undefined)

/** The columns of the narrowest index. A user's id has a meaning within an organisation only. */
const indexOf = (by: Equal): ReadonlyArray<keyof Equal> => {
  const [narrowest] = columnsOf(by)
  if (narrowest === "org_id" && by.user_id !== undefined) return ["org_id", "user_id"]
  return narrowest === undefined || narrowest === "user_id" ? [] : [narrowest]
}

/** JSON escapes quotes, so only a key of the document matches. */
const jsonMember = (key: string, value: string) => `%"${key}":${likeText(JSON.stringify(value))}%`
const likeText = (text: string) => text.replaceAll(/[\\%_]/g, "\\$&")

export const layerSql: Layer.Layer<OperatorRuns, never, SqlClient.SqlClient> = Layer.effect(
  OperatorRuns,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    /** The conditions that one index serves, together with the order. */
    const indexed = (by: Equal, { from, to }: RunFilter, before: RunId | undefined) => {
      const columns = indexOf(by)
      return [
        ...columns.map((column) => sql`${sql(column)} = ${by[column]}`),
        ...(from === undefined ? [] : [sql`id >= ${lowestIdAt(from)}`]),
        ...(to === undefined ? [] : [sql`id < ${lowestIdAt(to)}`]),
        ...(before === undefined ? [] : [sql`id < ${before}`]),
      ]
    }

    /** The function keeps SQLite from the index of another column. */
    const others = (by: Equal) =>
      columnsOf(by)
        .filter((column) => !indexOf(by).includes(column))
        .map((column) => sql`COALESCE(${sql(column)}, '') = ${by[column]}`)

    /** The lowest run keeps PostgreSQL from a scan of all feedback. */
    const rated = (feedback: NonNullable<RunFilter["feedback"]>, lowest: RunId | undefined) => {
      const which = { up: sql`AND f.rating = 1`, down: sql`AND f.rating = -1`, any: sql`` }[feedback]
      return sql`EXISTS (SELECT 1 FROM feedback f WHERE f.run_id = runs.id
        ${lowest === undefined ? sql`` : sql`AND f.run_id >= ${lowest}`} ${which})`
    }

    /** The conditions without an index, on runs from `lowest` on. */
    const examined = (
      { agents }: RunScope,
      filter: RunFilter,
      lowest: RunId | undefined,
    ): ReadonlyArray<Fragment> => {
      const { agent, code, feedback, mode, reason, status } = filter
      return [
        ...(agents === null ? [] : [sql.in("agent_id", agents)]),
        ...(agent === undefined ? [] : [sql`agent_id = ${agent}`]),
        ...(mode === undefined ? [] : [sql`execution_mode = ${mode}`]),
        ...(status === undefined ? [] : [sql`status = ${status}`]),
        ...(code === undefined ? [] : [sql`error LIKE ${jsonMember("code", code)} ESCAPE '\\'`]),
        ...(reason === undefined ? [] : [sql`decision LIKE ${jsonMember("reason", reason)} ESCAPE '\\'`]),
        ...(feedback === undefined ? [] : [rated(feedback, lowest)]),
      ]
    }

    const feedbackOf = Effect.fnUntraced(function* (ids: ReadonlyArray<RunId>) {
      if (ids.length === 0) return new Map<RunId, never>()
      const rows = yield* sql`SELECT * FROM feedback WHERE ${sql.in("run_id", ids)}`.unprepared
      return new Map((yield* decodeFeedback(rows)).map((feedback) => [feedback.runId, feedback]))
    })

    const list: OperatorRuns["Service"]["list"] = Effect.fnUntraced(function* (scope, filter, page) {
      // A caller with an organisation sees no other one, whatever it asks for.
      if (scope.orgId !== null && filter.org !== undefined && filter.org !== scope.orgId)
        return { entries: [], next: null }
      const { org = scope.orgId ?? undefined, session, traceId, user } = filter
      const by: Equal = { trace_id: traceId, session_id: session, org_id: org, user_id: user }
      const ranges = indexed(by, filter, page.before)
      const conditions = (lowest: RunId | undefined) => [...others(by), ...examined(scope, filter, lowest)]
      // The next page's position must be a run of the organisation. Those of one session or trace are few.
      const [last] =
        conditions(undefined).length === 0
          ? []
          : yield* decodeIds(
              yield* sql`SELECT id FROM runs
                WHERE ${sql.and([...ranges, ...others({ ...by, user_id: undefined })])}
                ORDER BY id DESC LIMIT 1 OFFSET ${mostExamined - 1}`,
            )
      const of = {
        table: "runs",
        keys: ["id"],
        direction: "DESC",
        where: sql.and([
          ...ranges,
          ...(last === undefined ? [] : [sql`id >= ${last.id}`]),
          ...conditions(last?.id),
          sql`deleted_at IS NULL`,
        ]),
        texts: ["decision", "error"],
        limit: page.limit,
      } as const
      const found = yield* PageSql.page(sql, of, decodeRuns, ({ id }) => id)
      const feedback = yield* feedbackOf(found.entries.map(({ id }) => id))
      return {
        entries: found.entries.map((run) => toListed(run, feedback.get(run.id))),
        next: found.next ?? last?.id ?? null,
      }
    }, asStoreError("OperatorRuns.list"))

    const get: OperatorRuns["Service"]["get"] = Effect.fnUntraced(function* (scope, id) {
      const allowed = [
        sql`id = ${id} AND deleted_at IS NULL`,
        ...(scope.orgId === null ? [] : [sql`org_id = ${scope.orgId}`]),
        ...(scope.agents === null ? [] : [sql.in("agent_id", scope.agents)]),
      ]
      const [run] = yield* decodeRuns(yield* sql`SELECT * FROM runs WHERE ${sql.and(allowed)}`)
      if (run === undefined) return yield* new RunNotFound({ runId: id })
      const attempts = yield* decodeAttempts(
        yield* sql`SELECT * FROM attempts WHERE run_id = ${id} ORDER BY number, shadow`,
      )
      return { run, attempts, feedback: (yield* feedbackOf([id])).get(id) }
    }, asStoreError("OperatorRuns.get"))

    const messages: OperatorRuns["Service"]["messages"] = Effect.fnUntraced(function* (run) {
      const rows = yield* sql`SELECT * FROM messages WHERE deleted_at IS NULL AND
        (id = ${run.userMessageId} OR (parent_message_id = ${run.userMessageId} AND run_id = ${run.id}))`
      const shown = yield* decodeShown(rows)
      const found = (yield* decodeMessages(rows)).map((message, index) => ({
        ...message,
        parts: shown[index]?.parts ?? [],
        attachments: shown[index]?.attachments ?? [],
      }))
      const of = (role: "user" | "assistant") => found.find((message) => message.role === role) ?? null
      return { question: of("user"), answer: of("assistant") }
    }, asStoreError("OperatorRuns.messages"))

    return OperatorRuns.of({ list, get, messages })
  }),
)
