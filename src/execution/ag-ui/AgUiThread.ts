/** The agent's thread of a turn, and the turn as that thread needs it. Pure. */
import type { PastMessage, Turn } from "../Executor.ts"
import * as AgUiPast from "./AgUiPast.ts"

export interface Thread {
  readonly id: string
  /** The number of the past messages that it has. */
  readonly known: number
}

const lastAnswer = (past: ReadonlyArray<PastMessage>): number =>
  past.findLastIndex((message) => AgUiPast.recordOf(message) !== undefined)

const isForked = (turn: Turn): boolean => (turn.past[lastAnswer(turn.past)] ?? turn).forked === true

/**
 * An agent may keep its own thread. A branch therefore gets a new one, so that the agent does not remember messages of
 * other branches. Shadows and probes have their own, so that they leave no traces in the user's conversation.
 */
export const of = (turn: Turn): Thread => {
  const { past, probe, runId, sessionId, shadow } = turn
  if (shadow || probe || isForked(turn)) return { id: runId, known: 0 }
  const last = lastAnswer(past)
  const record = AgUiPast.lastRecordOf(past.slice(0, last + 1))
  return { id: record?.thread ?? sessionId, known: last + 1 }
}

const resumeOf = (past: ReadonlyArray<PastMessage>, { answers }: PastMessage): Turn["resume"] => {
  const interrupts = past.findLast(({ role }) => role === "assistant")?.interrupts ?? []
  return interrupts.length === 0
    ? undefined
    : { interrupts, answers: answers.length > 0 ? answers : undefined }
}

/**
 * A new thread has no interrupt that an answer could resume. So the agent gets the question before it, and asks again. A
 * plain message needs no answer: it follows the question.
 */
export const restarted = (turn: Turn): Turn => {
  const { past, resume } = turn
  const record = AgUiPast.lastRecordOf(past)
  if (resume === undefined || !isForked(turn)) return turn
  if (record !== undefined && AgUiPast.resumesAnywhere(record)) return turn
  const at = past.findLastIndex(({ role }) => role === "assistant")
  const question = past[at - 1]
  if (resume.answers === undefined || question?.role !== "user")
    return { ...turn, past: past.slice(0, at), history: [], resume: undefined }
  const before = past.slice(0, at - 1)
  return restarted({
    ...turn,
    messageId: question.id,
    message: question.content,
    attachments: question.attachments ?? [],
    past: before,
    history: [],
    resume: resumeOf(before, question),
    forked: true,
  })
}
