/**
 * The lines of an export, one JSON value each. Version 1. The first line is `export`. Each session is followed by its
 * messages, oldest first, and its runs, newest first. Only a complete export ends with `end`.
 */
import * as Schema from "effect/Schema"
import { ExportedMessage } from "../domain/ExportedMessage.ts"
import { OrgId, SessionId, UserId } from "../domain/Ids.ts"
import { FileView } from "./FilesApi.ts"
import { RunSummary, SessionOverview } from "../domain/SessionOverview.ts"

/** Rises with a change that a reader of the lines would misread. New fields and new types of lines do not raise it. */
export const exportVersion = 1

const ExportStart = Schema.Struct({
  type: Schema.Literal("export"),
  version: Schema.Literal(exportVersion),
  orgId: OrgId,
  userId: UserId,
  /** The only session; null for all sessions of the user. */
  sessionId: Schema.NullOr(SessionId),
  exportedAt: Schema.Int,
})

const ExportEnd = Schema.Struct({
  type: Schema.Literal("end"),
  /** The lines of each type before this one. */
  sessions: Schema.Int,
  messages: Schema.Int,
  runs: Schema.Int,
})
type Counts = Omit<typeof ExportEnd.Type, "type">

const Exported = Schema.Struct({ ...ExportedMessage.fields, attachments: Schema.Array(FileView) }).annotate({
  identifier: "ExportedMessage",
})

export const ExportLine = Schema.Union([
  ExportStart,
  Schema.Struct({ type: Schema.Literal("session"), session: SessionOverview }),
  Schema.Struct({ type: Schema.Literal("message"), message: Exported }),
  Schema.Struct({ type: Schema.Literal("run"), run: RunSummary }),
  /** The last line of an export that failed. */
  Schema.Struct({
    type: Schema.Literal("error"),
    error: Schema.Struct({ code: Schema.String, message: Schema.String }),
  }),
  ExportEnd,
])
export type ExportLine = typeof ExportLine.Type

export const noCounts: Counts = { sessions: 0, messages: 0, runs: 0 }

/** The counts after more lines. */
export const counted = (counts: Counts, lines: ReadonlyArray<ExportLine>): Counts => {
  const of = (type: ExportLine["type"]) => lines.filter((line) => line.type === type).length
  return {
    sessions: counts.sessions + of("session"),
    messages: counts.messages + of("message"),
    runs: counts.runs + of("run"),
  }
}
