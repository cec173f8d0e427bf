/**
 * The message that a `retry` answers. Pure. A turn that failed, was interrupted, or was cancelled before it had said anything
 * has a question and no answer; a retry is a new run for that same question.
 */
import * as History from "../domain/History.ts"
import type { MessageId } from "../domain/Ids.ts"
import type { BranchMessage } from "../store/Sessions.ts"

export interface Retried {
  readonly question: BranchMessage
  /** The branch that the question goes on with. */
  readonly before: ReadonlyArray<BranchMessage>
}

/** The question at the end of a branch. Undefined when it has an answer; a blank one is none. */
export const retriedOf = (branch: ReadonlyArray<BranchMessage>): Retried | undefined => {
  const end = branch.at(-1)
  if (end?.role === "user") return end.answered ? undefined : { question: end, before: branch.slice(0, -1) }
  if (end === undefined || !History.isBlank(History.withoutThoughts(end.content))) return undefined
  const question = branch.at(-2)
  // Another run may have answered it since.
  return question?.runId === end.runId ? { question, before: branch.slice(0, -2) } : undefined
}

/** A client names the turn by its question, or as the first request did, by the message before it. */
export const isOf = ({ question }: Retried, named: MessageId | null | undefined): boolean =>
  named === undefined || named === question.id || named === question.parentMessageId
