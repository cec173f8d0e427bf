/**
 * Finds the question that a `retry` repeats. Pure. A turn that failed, was interrupted, or was cancelled before its first
 * text has a question and no answer. A retry is a new run for the same question.
 */
import * as History from "../domain/History.ts"
import type { MessageId } from "../domain/Ids.ts"
import type { BranchMessage } from "../store/Sessions.ts"

export interface Retried {
  readonly question: BranchMessage
  /** The branch that the question continues. */
  readonly before: ReadonlyArray<BranchMessage>
  /** Another run has answered the question, so it stays with that run. */
  readonly isAnswered: boolean
}

const isAnswer = ({ answered, content }: BranchMessage): boolean =>
  answered && !History.isBlank(History.withoutThoughts(content))

/** The question at the end of a branch. Undefined when it has an answer; a blank answer does not count. */
export const retriedOf = (branch: ReadonlyArray<BranchMessage>): Retried | undefined => {
  const end = branch.at(-1)
  if (end?.role === "user")
    return end.answered ? undefined : { question: end, before: branch.slice(0, -1), isAnswered: false }
  const last = lastOf(branch)
  // A later run may have answered it.
  return last?.isAnswered === true ? undefined : last
}

/** Like `retriedOf` for the session's last turn, which failed even if an earlier run has answered its question. */
export const lastOf = (branch: ReadonlyArray<BranchMessage>): Retried | undefined => {
  const end = branch.at(-1)
  if (end?.role === "user") return retriedOf(branch)
  if (end === undefined || isAnswer(end)) return undefined
  const question = branch.at(-2)
  if (question?.id !== end.parentMessageId) return undefined
  const isAnswered = question.answered && question.runId !== end.runId
  return { question, before: branch.slice(0, -2), isAnswered }
}

/** A caller names the turn by its question, by the message before the question, or by the message of the failure. */
export const isOf = (
  { question }: Retried,
  named: MessageId | null | undefined,
  failure: MessageId | undefined,
): boolean =>
  named === undefined || named === failure || named === question.id || named === question.parentMessageId
