/** Builds the stored form and the executable form of a requested turn. Pure. */
import type { Agent } from "../domain/Agent.ts"
import type { Attachment } from "../domain/Attachment.ts"
import type { Decision } from "../domain/Decision.ts"
import * as History from "../domain/History.ts"
import type { MessageId, RunId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Run } from "../domain/Run.ts"
import type { Session } from "../domain/Session.ts"
import { estimateMessageTokens, estimatePromptTokens, estimateTextTokens } from "../domain/TokenEstimate.ts"
import { clientKey } from "../domain/ClientKey.ts"
import type { InterruptAnswer } from "../domain/Interrupt.ts"
import type { NewMessage } from "../store/Runs.ts"
import * as Interrupts from "./Interrupts.ts"
import type { Resume, Turn } from "../execution/Executor.ts"
import type { BranchMessage } from "../store/Sessions.ts"
import * as Spans from "../telemetry/Spans.ts"
import type { Caller } from "./Caller.ts"

export interface Asked {
  readonly caller: Caller
  readonly agent: Agent
  readonly session: Session
  readonly isNewSession: boolean
  readonly message: string
  readonly attachments: ReadonlyArray<Attachment>
  readonly parentMessageId: MessageId | null
  /** The stored branch that the message continues. */
  readonly before: ReadonlyArray<BranchMessage>
  /** The history to send to upstreams instead of `before`. */
  readonly history?: ReadonlyArray<History.PromptMessage> | undefined
  /** The answers to the interrupts of `before`. */
  readonly answers?: ReadonlyArray<InterruptAnswer> | undefined
  /** The id of a new session that the client chose. */
  readonly clientId?: string | undefined
  /** The stored message, when its turn is retried. */
  readonly retried?: BranchMessage | undefined
  /** The stored message, when the turn makes another answer to it. It stays with its run. */
  readonly again?: BranchMessage | undefined
  /** The user was not helped by the answer before. By default the same text as before means that. */
  readonly repeats?: boolean | undefined
  /** The mode that the caller chose. */
  readonly requested?: ExecutionMode | undefined
  /** The session's last message, when this message follows it by default. */
  readonly follows?: MessageId | undefined
  readonly historyMaxTokens: number
}

interface Settled {
  readonly runId: RunId
  readonly messageId: MessageId
  readonly createdAt: number
  readonly decision: Decision
  readonly span: Spans.SpanContext | undefined
}

const pastOf = ({ before, history }: Asked): ReadonlyArray<History.Said> =>
  history === undefined ? before : History.supplied(history)

/** The estimated tokens of the prompt, before the prompt is built. */
export const promptTokens = (asked: Asked): number =>
  estimateTextTokens(asked.agent.settings.systemPrompt) +
  estimateMessageTokens({ content: asked.message, attachments: asked.attachments }) +
  Math.min(
    estimatePromptTokens(pastOf(asked)),
    asked.agent.settings.historyMaxTokens ?? asked.historyMaxTokens,
  )

const idsOf = (attachments: ReadonlyArray<Attachment>): string =>
  attachments.map(({ fileId }) => fileId).join()

/** A user who repeats a question was not helped by the first answer. */
const isRepeated = ({ attachments, before, message, repeats, retried }: Asked): boolean => {
  if (repeats !== undefined) return repeats
  if (retried !== undefined) return true
  const last = before.findLast(({ role }) => role === "user")
  return last?.content.trim() === message.trim() && idsOf(last.attachments) === idsOf(attachments)
}

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

const resumeOf = ({ answers, before }: Asked): Resume | undefined => {
  const interrupts = Interrupts.pendingIn(before)
  return interrupts.length === 0 ? undefined : { interrupts, answers }
}

/** A branch whose first message is not read counts as forked. */
const isForked = ({ before: [first], isNewSession, retried }: Asked): boolean => {
  if (first !== undefined) return first.forked === true || first.parentMessageId !== null
  return retried === undefined ? !isNewSession : retried.forked === true
}

const turnOf = (asked: Asked, settled: Settled): Turn => {
  const { agent, attachments, caller, historyMaxTokens, message, session } = asked
  return {
    runId: settled.runId,
    sessionId: session.id,
    orgId: caller.principal.orgId,
    userId: caller.principal.userId,
    requestId: caller.requestId,
    agent,
    messageId: settled.messageId,
    message,
    attachments,
    past: asked.history === undefined ? Interrupts.pastOf(asked.before) : [],
    resume: resumeOf(asked),
    history: History.historyOf(
      pastOf(asked),
      message,
      agent.settings.historyMaxTokens ?? historyMaxTokens,
      attachments,
    ),
    forked: isForked(asked),
    again: asked.again !== undefined,
    shadow: false,
    probe: settled.decision.probe,
    trace: settled.span,
  }
}

export const newTurn = (asked: Asked, settled: Settled) => {
  const { createdAt, decision, runId } = settled
  const { again, isNewSession, message, parentMessageId, retried, session } = asked
  const asksAgain = again !== undefined
  const question = retried ?? again
  const { answers, attachments, clientId } = asked
  const userMessage: NewMessage =
    question === undefined
      ? {
          id: settled.messageId,
          sessionId: session.id,
          runId,
          role: "user",
          content: message,
          parentMessageId,
          executionMode: null,
          createdAt,
          record: answers === undefined ? undefined : { answers },
          attachments,
        }
      : { ...question, runId: asksAgain ? question.runId : runId, record: question.record ?? undefined }
  const run = runOf(asked, settled)
  const stored = {
    session: { ...session, cohort: decision.cohort ?? session.cohort, updatedAt: createdAt },
    isNewSession,
    clientKey: clientId === undefined ? undefined : clientKey(asked.caller.principal, clientId),
    userMessage,
    run,
    repeats: isRepeated(asked),
    retries: retried?.runId,
    asksAgain,
    follows: asked.follows,
    key: asked.caller.key,
  }
  return { stored, run, turn: turnOf(asked, settled) }
}
