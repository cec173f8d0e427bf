/** A turn that was asked for, as it is kept and as it is run. Pure. */
import type { Agent } from "../domain/Agent.ts"
import type { Decision } from "../domain/Decision.ts"
import * as History from "../domain/History.ts"
import type { MessageId, RunId } from "../domain/Ids.ts"
import type { Run } from "../domain/Run.ts"
import type { ChatMessage, Session } from "../domain/Session.ts"
import type { Turn } from "../execution/Executor.ts"
import * as Spans from "../telemetry/Spans.ts"
import type { Caller } from "./Caller.ts"

export interface Asked {
  readonly caller: Caller
  readonly agent: Agent
  readonly session: Session
  readonly isNewSession: boolean
  readonly message: string
  readonly parentMessageId: MessageId | null
  /** The session's last messages, oldest first. */
  readonly history: ReadonlyArray<ChatMessage>
}

interface Settled {
  readonly runId: RunId
  readonly messageId: MessageId
  readonly createdAt: number
  readonly decision: Decision
  readonly span: Spans.Place | undefined
}

/** Whether the user's last message was the same: who asks again was not helped. */
const isRepeated = (history: ReadonlyArray<ChatMessage>, message: string): boolean =>
  history.findLast(({ role }) => role === "user")?.content.trim() === message.trim()

const runOf = ({ agent, caller, session }: Asked, settled: Settled): Run => ({
  id: settled.runId,
  sessionId: session.id,
  orgId: caller.principal.orgId,
  userId: caller.principal.userId,
  agentId: agent.id,
  userMessageId: settled.messageId,
  assistantMessageId: null,
  status: "running",
  decision: settled.decision,
  executionMode: null,
  error: null,
  usage: null,
  model: null,
  finishReason: null,
  traceId: Spans.traceId(settled.span),
  createdAt: settled.createdAt,
  endedAt: null,
})

const turnOf = ({ agent, caller, history, message, session }: Asked, settled: Settled): Turn => ({
  runId: settled.runId,
  sessionId: session.id,
  orgId: caller.principal.orgId,
  userId: caller.principal.userId,
  requestId: caller.requestId,
  agent,
  message,
  history: History.promptOf(history, message),
  shadow: false,
  probe: settled.decision.probe,
  trace: settled.span,
})

export const newTurn = (asked: Asked, settled: Settled) => {
  const { createdAt, decision, runId } = settled
  const { history, isNewSession, message, parentMessageId, session } = asked
  const userMessage: ChatMessage = {
    id: settled.messageId,
    sessionId: session.id,
    runId,
    role: "user",
    content: message,
    parentMessageId,
    executionMode: null,
    createdAt,
  }
  const run = runOf(asked, settled)
  const kept = {
    session: { ...session, cohort: decision.cohort ?? session.cohort, updatedAt: createdAt },
    isNewSession,
    userMessage,
    run,
    repeats: isRepeated(history, message),
    key: asked.caller.key,
  }
  return { kept, run, turn: turnOf(asked, settled) }
}
