/** One execution of a turn: its decision, attempts and end. Times are epoch milliseconds, durations milliseconds. */
import * as Schema from "effect/Schema"
import { Decision } from "./Decision.ts"
import { AgentId, MessageId, OrgId, RunId, SessionId, UserId } from "./Ids.ts"
import { ExecutionMode } from "./Mode.ts"
import { FinishReason, Outcome, Usage } from "./Outcome.ts"

/** `interrupted`: the process of the run died, so the run cannot finish. */
export const RunStatus = Schema.Literals(["running", "completed", "failed", "cancelled", "interrupted"])
export type RunStatus = typeof RunStatus.Type

export const Attempt = Schema.Struct({
  /** 1 for the first; shadow attempts have a numbering of their own. */
  number: Schema.Int,
  mode: ExecutionMode,
  /** `runtime`, or the name of the direct provider. */
  target: Schema.String,
  shadow: Schema.Boolean,
  startedAt: Schema.Int,
  firstProgressAt: Schema.NullOr(Schema.Int),
  firstContentAt: Schema.NullOr(Schema.Int),
  endedAt: Schema.Int,
  outcome: Outcome,
  /** The public code of the error that ended it; null on success. */
  code: Schema.NullOr(Schema.String),
  usage: Schema.NullOr(Usage),
  /** The upstream's name of the answering model; null if it reports none. */
  model: Schema.NullOr(Schema.String),
  /**
   * The upstream's description of its failure, for operators only, because it may contain hosts or keys. Never logged
   * or exported.
   */
  failure: Schema.NullOr(Schema.String),
})
export type Attempt = typeof Attempt.Type

/** The `error` event of a stream. `stepId` and `callId` name the step or call that was running. */
export const RunError = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  runId: RunId,
  recoverable: Schema.Boolean,
  stepId: Schema.optionalKey(Schema.String),
  callId: Schema.optionalKey(Schema.String),
  httpStatus: Schema.optionalKey(Schema.Int),
  details: Schema.optionalKey(Schema.Json),
  traceId: Schema.optionalKey(Schema.String),
  /** Seconds until the message may be sent again, if the upstream reported it. */
  retryAfter: Schema.optionalKey(Schema.Int),
}).annotate({ identifier: "StreamError" })
export type RunError = typeof RunError.Type

/** The `done` event of a stream. `latencyMs`: from the acceptance of the request to the end of the answer. */
export const RunDone = Schema.Struct({
  sessionId: SessionId,
  messageId: MessageId,
  runId: RunId,
  usage: Schema.Struct({ ...Usage.fields, latencyMs: Schema.Int }),
  executionMode: ExecutionMode,
  /** Absent on runs from before it was recorded. */
  finishReason: Schema.optionalKey(FinishReason),
  /** The answering model, if the upstream names it. */
  model: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "StreamDone" })
export type RunDone = typeof RunDone.Type

export const Run = Schema.Struct({
  id: RunId,
  sessionId: SessionId,
  orgId: OrgId,
  userId: UserId,
  agentId: AgentId,
  userMessageId: MessageId,
  assistantMessageId: Schema.NullOr(MessageId),
  status: RunStatus,
  decision: Decision,
  /** The mode of the answer; null before it. */
  executionMode: Schema.NullOr(ExecutionMode),
  error: Schema.NullOr(RunError),
  usage: Schema.NullOr(Usage),
  /** The model of the answer; null before it, or if the upstream names none. */
  model: Schema.NullOr(Schema.String),
  /** The reason for the answer's end; null before it. */
  finishReason: Schema.NullOr(FinishReason),
  /** The trace of the turn; null without one. */
  traceId: Schema.NullOr(Schema.String),
  createdAt: Schema.Int,
  endedAt: Schema.NullOr(Schema.Int),
})
export type Run = typeof Run.Type

/** The fields of a run that its end sets. */
export type EndOfRun = Pick<
  Run,
  "status" | "assistantMessageId" | "executionMode" | "error" | "usage" | "model" | "finishReason" | "endedAt"
>
