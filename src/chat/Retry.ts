/**
 * Finds the question that a `retry` repeats. Pure. A turn that failed, was interrupted, or was cancelled before its first
 * text has a question and no answer. A retry is a new run for the same question.
 */
import * as History from "../domain/History.ts"
import type { MessageId } from "../domain/Ids.ts"
import type { BranchMessage } from "../store/Sessions.ts"

interface Retried {
  readonly question: BranchMessage
  /** The branch that the question continues. */
  readonly before: ReadonlyArray<BranchMessage>
}

/** The question at the end of a branch. Undefined when it has an answer; a blank answer does not count. */
export const retriedOf = (branch: ReadonlyArray<BranchMessage>): Retried | undefined => {
  const end = branch.at(-1)
  if (end?.role === "user") return end.answered ? undefined : { question: end, before: branch.slice(0, -1) }
  if (end === undefined || isAnswer(end)) return undefined
  const question = branch.at(-2)
  // A later run may have answered it.
  return question?.runId === end.runId ? { question, before: branch.slice(0, -2) } : undefined
}

const isAnswer = ({ answered, content }: BranchMessage): boolean =>
  answered && !History.isBlank(History.withoutThoughts(content))

/** A caller names the turn by its question, or by the message before the question, as the first call did. */
export const isOf = ({ question }: Retried, named: MessageId | null | undefined): boolean =>
  named === undefined || named === question.id || named === question.parentMessageId
