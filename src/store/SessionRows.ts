/** The rows of `SessionLists` as schemas. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { RunId } from "../domain/Ids.ts"
import { FinishReason } from "../domain/Outcome.ts"
import { RunStatus } from "../domain/Run.ts"
import { type SessionCounts, type SessionOverview, statusOf, TitleSource } from "../domain/SessionOverview.ts"
import { RunRow, SessionRow } from "./SqlRows.ts"

const FactsRow = Schema.Struct({
  title_source: TitleSource,
  pinned: Schema.BooleanFromBit,
  archived: Schema.BooleanFromBit,
  message_count: Schema.Int,
  run_count: Schema.Int,
  active_run_id: Schema.NullOr(RunId),
  last_status: Schema.NullOr(RunStatus),
  last_finish_reason: Schema.NullOr(FinishReason),
})

const decodeSessions = Schema.decodeUnknownEffect(Schema.Array(SessionRow))
const decodeFacts = Schema.decodeUnknownEffect(Schema.Array(FactsRow))
const decodeRuns = Schema.decodeUnknownEffect(Schema.Array(RunRow))

type Facts = Omit<SessionOverview, keyof typeof SessionRow.Type>

const factsOf = (row: typeof FactsRow.Type): Facts => ({
  titleSource: row.title_source,
  pinned: row.pinned,
  archived: row.archived,
  status: statusOf({
    activeRunId: row.active_run_id,
    lastStatus: row.last_status,
    lastFinishReason: row.last_finish_reason,
  }),
  activeRunId: row.active_run_id,
  messageCount: row.message_count,
  runCount: row.run_count,
})

export const decodeOverviews = (rows: ReadonlyArray<object>) =>
  Effect.map(Effect.all([decodeSessions(rows), decodeFacts(rows)]), ([sessions, facts]) =>
    sessions.flatMap((session, index): ReadonlyArray<SessionOverview> => {
      const row = facts[index]
      return row === undefined ? [] : [{ ...session, ...factsOf(row) }]
    }),
  )

export const decodeRunSummaries = (rows: ReadonlyArray<object>) =>
  Effect.map(decodeRuns(rows), (runs) => runs.map((run) => Struct.omit(run, ["decision"])))

export const decodeSeqs = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ seq: Schema.Int })))

const CountRow = Schema.Struct({
  archived: Schema.BooleanFromBit,
  pinned: Schema.BooleanFromBit,
  count: Schema.Int,
  running: Schema.Int,
})
const decodeCountRows = Schema.decodeUnknownEffect(Schema.Array(CountRow))

export const decodeCounts = (rows: ReadonlyArray<object>) =>
  Effect.map(decodeCountRows(rows), (counted): SessionCounts => {
    const sum = (of: (row: typeof CountRow.Type) => number) =>
      counted.reduce((total, row) => total + of(row), 0)
    return {
      total: sum(({ count }) => count),
      archived: sum(({ archived, count }) => (archived ? count : 0)),
      pinned: sum(({ archived, count, pinned }) => (pinned && !archived ? count : 0)),
      running: sum(({ running }) => running),
    }
  })
