/** Finds the place of a turn in its session: the message, the branch before it, and the question that is answered again. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { MessageId } from "../domain/Ids.ts"
import type { Session } from "../domain/Session.ts"
import { type FoundMessage, MessageNotFound } from "../store/Messages.ts"
import { type BranchMessage, Sessions } from "../store/Sessions.ts"
import { StoreHealth } from "../store/StoreHealth.ts"
import * as Interrupts from "./Interrupts.ts"
import type { Asked } from "./NewTurn.ts"
import * as Retry from "./Retry.ts"
import type { Edited, Regenerated, Sent } from "./TurnRequest.ts"

/** A `retry` without a failed turn, or with a message that differs from the failed turn's message. */
export class NothingToRetry extends Schema.TaggedError<NothingToRetry>()("NothingToRetry", {
  reason: Schema.Literals(["answered", "other_message"]),
}) {}

export class ParentNotFound extends Schema.TaggedError<ParentNotFound>()("ParentNotFound", {
  parentMessageId: MessageId,
}) {}

/** Only messages of the user can be edited. */
export class NotUsersMessage extends Schema.TaggedError<NotUsersMessage>()("NotUsersMessage", {
  messageId: MessageId,
}) {}

export type Place = Pick<
  Asked,
  | "again"
  | "answers"
  | "attachments"
  | "before"
  | "follows"
  | "message"
  | "parentMessageId"
  | "repeats"
  | "requested"
  | "retried"
>

/** The question that a message belongs to. */
const questionIdOf = ({ id, parentMessageId, role }: FoundMessage): MessageId =>
  role === "assistant" && parentMessageId !== null ? parentMessageId : id

/** The branch before a message that does not continue it first. */
const forkedAfter = (branch: ReadonlyArray<BranchMessage>): ReadonlyArray<BranchMessage> =>
  branch.map((message) => ({ ...message, forked: true }))

const ofQuestion = ({ before, isAnswered, question }: Retry.Retried): Place => ({
  message: question.content,
  attachments: question.attachments,
  parentMessageId: question.parentMessageId,
  before: isAnswered ? forkedAfter(before) : before,
  answers: question.record?.answers,
  ...(isAnswered ? { again: question } : { retried: question }),
})

export const make = Effect.gen(function* () {
  const sessions = yield* Sessions
  const { whileUp } = yield* StoreHealth

  const branch = (session: Session, end: MessageId | undefined) => whileUp(sessions.branch(session.id, end))

  const branchTo = Effect.fnUntraced(function* (session: Session, end: MessageId | null | undefined) {
    if (end === null) return []
    const found = yield* branch(session, end)
    if (end !== undefined && found.length === 0) return yield* new ParentNotFound({ parentMessageId: end })
    return found
  })

  /** Checks the session's last turn first, because it is nearly always the failed one. */
  const retriedIn = Effect.fnUntraced(function* (session: Session, named: MessageId | null | undefined) {
    const branch = yield* branchTo(session, undefined)
    const last = Retry.lastOf(branch)
    if (last !== undefined && Retry.isOf(last, named, branch.at(-1)?.id)) return last
    const other = named === undefined ? undefined : Retry.retriedOf(yield* branchTo(session, named))
    return other ?? (yield* new NothingToRetry({ reason: "answered" }))
  })

  const retry = Effect.fnUntraced(function* (session: Session, { message, parentMessageId }: Sent) {
    const retried = yield* retriedIn(session, parentMessageId)
    if (message !== undefined && message !== retried.question.content)
      return yield* new NothingToRetry({ reason: "other_message" })
    return ofQuestion(retried)
  })

  const next = Effect.fnUntraced(function* (session: Session, sent: Sent) {
    const before = yield* branchTo(session, sent.parentMessageId)
    const end = before.at(-1)?.id
    const follows = sent.parentMessageId === undefined ? end : undefined
    const { answers, attachments = [] } = sent
    const unknown = Interrupts.unknownAnswer(Interrupts.pendingIn(before), answers ?? [])
    if (unknown !== undefined) return yield* unknown
    const message = sent.message ?? Interrupts.textOf(answers ?? [])
    const place: Place = { message, attachments, parentMessageId: end ?? null, before, follows, answers }
    return place
  })

  /** The place of a message, of a retry, or of answers to interrupts. */
  const sent = Effect.fnUntraced(function* (session: Session, sent: Sent) {
    return yield* sent.retry === true ? retry(session, sent) : next(session, sent)
  })

  /** The place of another answer to the message's question. A question that no run has answered moves to the new run. */
  const regenerated = Effect.fnUntraced(function* (found: FoundMessage, { mode }: Regenerated) {
    const all = yield* branch(found.session, questionIdOf(found))
    const question = all.at(-1)
    if (question === undefined) return yield* new MessageNotFound({ messageId: found.id })
    const isRepeat = mode === undefined && found.isCompared
    const retried = { question, before: all.slice(0, -1), isAnswered: question.answered }
    return { ...ofQuestion(retried), requested: mode, repeats: isRepeat }
  })

  /** The place of a message that takes the place of `found` on a new branch. */
  const edited = Effect.fnUntraced(function* (found: FoundMessage, { attachments, message }: Edited) {
    if (found.role !== "user") return yield* new NotUsersMessage({ messageId: found.id })
    const all = yield* branch(found.session, found.id)
    const original = all.at(-1)
    if (original === undefined) return yield* new MessageNotFound({ messageId: found.id })
    const place: Place = {
      message,
      attachments: attachments ?? original.attachments,
      parentMessageId: original.parentMessageId,
      before: forkedAfter(all.slice(0, -1)),
      repeats: found.isCompared && original.content.trim() === message.trim(),
    }
    return place
  })

  return { sent, regenerated, edited }
})
