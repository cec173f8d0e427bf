/**
 * The place of a message in its session, for clients that send the whole conversation with each message. Pure.
 *
 * Only the user's texts are compared with the stored ones, and nothing of a client's history reaches a model. A history that
 * ends earlier than the stored branch is an edit, so the message starts a new branch there.
 */
import * as Schema from "effect/Schema"
import type { MessageId } from "../domain/Ids.ts"
import type { TreeMessage } from "../store/Sessions.ts"

/** The client's history is not the history of the session. */
export class HistoryInvalid extends Schema.TaggedError<HistoryInvalid>()("HistoryInvalid", {
  problems: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })),
}) {}

/** An earlier message of the user. `answered`: the client shows an answer to it. */
export interface ClientTurn {
  readonly text: string
  readonly answered: boolean
}

export type Place =
  | { readonly _tag: "After"; readonly parentMessageId: MessageId | null }
  /** The question is stored and has no answer. */
  | { readonly _tag: "Retry"; readonly parentMessageId: MessageId }
  /** The client shows an answer to `earlier[turn]`, and the session has no such message there. */
  | { readonly _tag: "Unknown"; readonly turn: number }

type Ends = ReadonlySet<MessageId | null>

/** The questions and every message that continues them without a new question. `tree` is in the order of arrival. */
const reach = (tree: ReadonlyArray<TreeMessage>, questions: ReadonlyArray<TreeMessage>): Ends => {
  const ends = new Set<MessageId | null>(questions.map(({ id }) => id))
  for (const { answers, id, parentMessageId, role } of tree)
    if ((role === "assistant" || answers) && ends.has(parentMessageId)) ends.add(id)
  return ends
}

const questionsOf = (tree: ReadonlyArray<TreeMessage>, ends: Ends, text: string) =>
  tree.filter(
    ({ content, parentMessageId, role }) => role === "user" && content === text && ends.has(parentMessageId),
  )

/** The newest answer, or the newest question if none has an answer. */
const newestOf = (tree: ReadonlyArray<TreeMessage>, ends: Ends): MessageId | null => {
  const reached = tree.filter(({ id }) => ends.has(id))
  return (reached.findLast(({ role }) => role === "assistant") ?? reached.at(-1))?.id ?? null
}

/**
 * `tree`: all messages of the session, oldest first. `earlier`: the user's messages before `message`; undefined if the client
 * sends only its last message, which then follows the newest answer. `again`: the client asks for another answer to `message`.
 *
 * An earlier message that has no answer at the client and is not stored was refused, so it is skipped.
 */
export const placeOf = (
  tree: ReadonlyArray<TreeMessage>,
  earlier: ReadonlyArray<ClientTurn> | undefined,
  message: string,
  again: boolean,
): Place => {
  let ends: Ends = new Set(earlier === undefined ? [null, ...tree.map(({ id }) => id)] : [null])
  for (const [turn, { answered, text }] of (earlier ?? []).entries()) {
    const questions = questionsOf(tree, ends, text)
    if (questions.length > 0) ends = reach(tree, questions)
    else if (answered) return { _tag: "Unknown", turn }
  }
  const question = again ? questionsOf(tree, ends, message).at(-1) : undefined
  if (question === undefined) return { _tag: "After", parentMessageId: newestOf(tree, ends) }
  const isAnswered = tree.some(({ answered, parentMessageId }) => answered && parentMessageId === question.id)
  return isAnswered
    ? { _tag: "After", parentMessageId: question.parentMessageId }
    : { _tag: "Retry", parentMessageId: question.id }
}
