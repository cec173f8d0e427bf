/** The interrupts of a branch, and the answers to them. Pure. */
import * as Schema from "effect/Schema"
import type { Interrupt, InterruptAnswer } from "../domain/Interrupt.ts"
import type { PastMessage } from "../execution/Executor.ts"
import type { BranchMessage } from "../store/Sessions.ts"

/** An answer to an interrupt that the branch does not have, or that was answered before. */
export class InterruptNotFound extends Schema.TaggedError<InterruptNotFound>()("InterruptNotFound", {
  interruptId: Schema.String,
}) {}

/** The interrupts that wait for an answer: those of the branch's last answer. */
export const pendingIn = (branch: ReadonlyArray<BranchMessage>): ReadonlyArray<Interrupt> =>
  branch.findLast(({ answered, role }) => role === "assistant" && answered)?.record?.interrupts ?? []

/** The first answer without a pending interrupt. */
export const unknownAnswer = (
  pending: ReadonlyArray<Interrupt>,
  answers: ReadonlyArray<InterruptAnswer>,
): InterruptNotFound | undefined => {
  const unknown = answers.find((answer) =>
    pending.every(({ interruptId }) => interruptId !== answer.interruptId),
  )
  return unknown === undefined ? undefined : new InterruptNotFound({ interruptId: unknown.interruptId })
}

/** The text of the user's message for answers without one. */
export const textOf = (answers: ReadonlyArray<InterruptAnswer>): string =>
  answers
    .map(({ payload }) => (typeof payload === "string" && payload !== "" ? payload : JSON.stringify(payload)))
    .join("\n")

/** The message of a turn that failed, and its question, are no part of the conversation. */
const isPast = ({ answered }: BranchMessage): boolean => answered

export const pastOf = (branch: ReadonlyArray<BranchMessage>): ReadonlyArray<PastMessage> =>
  branch.filter(isPast).map(({ attachments, content, executionMode, forked, id, record, role }) => ({
    id,
    role,
    content,
    executionMode,
    attachments,
    interrupts: record?.interrupts ?? [],
    answers: record?.answers ?? [],
    upstream: record?.upstream,
    forked,
  }))
