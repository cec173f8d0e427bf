/**
 * The rows that each turn inserts, equal to the encodings of `SqlRows` at a tenth of the cost. The input was
 * validated on arrival and is encoded without another check. The types guarantee that no column is missing.
 */
import type { Attempt, EndOfRun, Run } from "../domain/Run.ts"
import type { ChatMessage, Session } from "../domain/Session.ts"
import type { AttemptRow, MessageRow, RunEndRow, RunRow, SessionRow } from "./SqlRows.ts"

export const jsonOrNull = (value: object | null): string | null =>
  value === null ? null : JSON.stringify(value)

export const listOrNull = (list: ReadonlyArray<object> | undefined): string | null =>
  list === undefined || list.length === 0 ? null : JSON.stringify(list)

export const sessionRow = (session: Session): typeof SessionRow.Encoded => ({
  id: session.id,
  org_id: session.orgId,
  user_id: session.userId,
  agent_id: session.agentId,
  title: JSON.stringify(session.title),
  cohort: session.cohort,
  created_at: session.createdAt,
  updated_at: session.updatedAt,
})

export const messageRow = (message: ChatMessage): typeof MessageRow.Encoded => ({
  id: message.id,
  session_id: message.sessionId,
  run_id: message.runId,
  role: message.role,
  content: JSON.stringify(message.content),
  parent_message_id: message.parentMessageId,
  execution_mode: message.executionMode,
  created_at: message.createdAt,
})

export const runRow = (run: Run): typeof RunRow.Encoded => ({
  id: run.id,
  session_id: run.sessionId,
  org_id: run.orgId,
  user_id: run.userId,
  agent_id: run.agentId,
  user_message_id: run.userMessageId,
  decision: JSON.stringify(run.decision),
  trace_id: run.traceId,
  created_at: run.createdAt,
  ...runEndRow(run),
})

export const runEndRow = (run: EndOfRun): typeof RunEndRow.Encoded => ({
  status: run.status,
  assistant_message_id: run.assistantMessageId,
  execution_mode: run.executionMode,
  error: jsonOrNull(run.error),
  usage: jsonOrNull(run.usage),
  model: run.model,
  finish_reason: run.finishReason,
  ended_at: run.endedAt,
})

export const attemptRow = (attempt: Attempt): typeof AttemptRow.Encoded => ({
  number: attempt.number,
  mode: attempt.mode,
  target: attempt.target,
  shadow: attempt.shadow ? 1 : 0,
  started_at: attempt.startedAt,
  first_progress_at: attempt.firstProgressAt,
  first_content_at: attempt.firstContentAt,
  ended_at: attempt.endedAt,
  outcome: attempt.outcome,
  code: attempt.code,
  usage: jsonOrNull(attempt.usage),
  model: attempt.model,
  failure: attempt.failure,
})
