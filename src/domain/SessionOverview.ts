/** A session in a list: its titles and marks, and the facts that follow from its messages and runs. */
import * as Schema from "effect/Schema"
import { RunId } from "./Ids.ts"
import type { FinishReason } from "./Outcome.ts"
import { Run, type RunStatus } from "./Run.ts"
import { Session } from "./Session.ts"

/** `message`: the start of the first message. The title of a user is never replaced. */
export const TitleSource = Schema.Literals(["message", "model", "user"])

/** By the session's last run. `awaiting_answer`: the agent has asked the user something. */
export const SessionStatus = Schema.Literals(["idle", "running", "awaiting_answer", "failed"])
export type SessionStatus = typeof SessionStatus.Type

export const SessionOverview = Schema.Struct({
  ...Session.fields,
  titleSource: TitleSource,
  pinned: Schema.Boolean,
  archived: Schema.Boolean,
  status: SessionStatus,
  /** The run that is running. */
  activeRunId: Schema.NullOr(RunId),
  /** Messages of all branches. */
  messageCount: Schema.Int,
  runCount: Schema.Int,
}).annotate({ identifier: "SessionOverview" })
export type SessionOverview = typeof SessionOverview.Type

/** The state of a session's last run; null without one. */
interface LastRun {
  readonly activeRunId: RunId | null
  readonly lastStatus: RunStatus | null
  readonly lastFinishReason: FinishReason | null
}

/** A cancelled run leaves nothing to do, so its session is idle. */
export const statusOf = ({ activeRunId, lastFinishReason, lastStatus }: LastRun): SessionStatus => {
  if (activeRunId !== null) return "running"
  if (lastStatus === "failed" || lastStatus === "interrupted") return "failed"
  return lastStatus === "completed" && lastFinishReason === "interrupt" ? "awaiting_answer" : "idle"
}

/** A run of a session in a list. `GET /api/v1/chat/runs/:runId` has its decision and its attempts. */
const { decision: _, ...runFields } = Run.fields
export const RunSummary = Schema.Struct(runFields).annotate({ identifier: "RunSummary" })
export type RunSummary = typeof RunSummary.Type

/** `total` and `running` include archived sessions. `pinned` leaves them out, like the list of pinned sessions. */
export const SessionCounts = Schema.Struct({
  total: Schema.Int,
  archived: Schema.Int,
  pinned: Schema.Int,
  running: Schema.Int,
})
export type SessionCounts = typeof SessionCounts.Type
