/**
 * The place of a message in its session, for clients that send the whole conversation with each message. Pure.
 *
 * The user's texts are compared with the stored ones. Ids that the gateway made choose between equal questions and between the
 * answers to one question. Nothing of a client's history reaches a model. A history that ends earlier than the stored branch is
 * an edit, so the message starts a new branch there.
 */
import * as Schema from "effect/Schema"
import type { MessageId } from "../domain/Ids.ts"
import type { TreeMessage } from "../store/Sessions.ts"

/** The client's history is not the history of the session. */
export class HistoryInvalid extends Schema.TaggedError<HistoryInvalid>()("HistoryInvalid", {
  problems: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })),
}) {}

/** An earlier message of the user. The ids are the client's; they may be the gateway's own. */
export interface ClientTurn {
  readonly id: string
  readonly text: string
  /** The client shows an answer to it. */
  readonly answered: boolean
  /** The messages of the assistant that the client shows after it. */
  readonly answers: ReadonlyArray<string>
}

/** The message of a client, and its place as the client describes it. */
export interface ClientPlace {
  /** The user's messages before `message`. Undefined if the client sends only its last message. */
  readonly earlier: ReadonlyArray<ClientTurn> | undefined
  readonly message: string
  /** The client sends no message, only answers to interrupts. */
  readonly onlyAnswers?: boolean
  /** Asks for another answer to `message`, or for an answer if its turn failed. */
  readonly again: boolean
  /** The message that is edited or whose answer is made again. A client with its whole history need not name it. */
  readonly named?: string | undefined
}

export type Place =
  | { readonly _tag: "After"; readonly parentMessageId: MessageId | null }
  /** The question is stored and shall be answered again. */
  | { readonly _tag: "Again"; readonly questionId: MessageId }
  /** The client shows an answer to `earlier[turn]`, and the session has no such message there. */
  | { readonly _tag: "Unknown"; readonly turn: number }
  /** The session does not have the message that the client edits. */
  | { readonly _tag: "UnknownEdit" }

type Tree = ReadonlyArray<TreeMessage>
type Ends = ReadonlySet<MessageId | null>

/** Clients name an answer by its own id, by its run, or by an event of its run. */
const isNamedBy =
  ({ id, role, runId }: TreeMessage) =>
  (name: string): boolean =>
    name === id || (role === "assistant" && (name === runId || name.startsWith(`${runId}:`)))

/** The messages and every message that continues them without a new question. `tree` is in the order of arrival. */
const reach = (tree: Tree, from: Tree): Ends => {
  const ends = new Set<MessageId | null>(from.map(({ id }) => id))
  for (const { answers, id, parentMessageId, role } of tree)
    if ((role === "assistant" || answers) && ends.has(parentMessageId)) ends.add(id)
  return ends
}

/** Those that `isNamed` selects, or all of them if it selects none. */
const preferred = (messages: Tree, isNamed: (message: TreeMessage) => boolean): Tree => {
  const named = messages.filter(isNamed)
  return named.length > 0 ? named : messages
}

const questionsOf = (tree: Tree, ends: Ends, text: string, id: string | null | undefined): Tree =>
  preferred(
    tree.filter(
      ({ content, parentMessageId, role }) =>
        role === "user" && content === text && ends.has(parentMessageId),
    ),
    (question) => question.id === id,
  )

/** The ends of the questions' branches. With an answer that the client shows, only those of its branch. */
const endsOf = (tree: Tree, questions: Tree, answers: ReadonlyArray<string>): Ends => {
  const ends = reach(tree, questions)
  const shown = tree.find(
    (message) => message.role === "assistant" && ends.has(message.id) && answers.some(isNamedBy(message)),
  )
  return shown === undefined ? ends : reach(tree, [shown])
}

/** The newest answer; without one the newest message. */
const newestOf = (tree: Tree, ends: Ends): MessageId | null => {
  const reached = tree.filter(({ id }) => ends.has(id))
  const answer = reached.findLast(({ answered, role }) => role === "assistant" && answered)
  return (answer ?? reached.at(-1))?.id ?? null
}

const namedIn = (tree: Tree, { named }: ClientPlace): TreeMessage | undefined =>
  named === undefined ? undefined : tree.findLast((message) => isNamedBy(message)(named))

const questionIdOf = (found: TreeMessage | undefined): MessageId | null | undefined =>
  found?.role === "assistant" ? found.parentMessageId : found?.id

const placeIn = (tree: Tree, ends: Ends, asked: ClientPlace): Place => {
  const { again, message } = asked
  const id = questionIdOf(namedIn(tree, asked))
  const question = again ? questionsOf(tree, ends, message, id).at(-1) : undefined
  return question === undefined
    ? { _tag: "After", parentMessageId: newestOf(tree, ends) }
    : { _tag: "Again", questionId: question.id }
}

/** The place of a message that the client sends alone. */
const placeOfOne = (tree: Tree, asked: ClientPlace): Place => {
  const { again, named, onlyAnswers = false } = asked
  const found = namedIn(tree, asked)
  const questionId = questionIdOf(found)
  if (again && questionId !== undefined && questionId !== null) return { _tag: "Again", questionId }
  if (!again && found?.role === "user") return { _tag: "After", parentMessageId: found.parentMessageId }
  // Without the place of the edit, the message would follow the one that it replaces.
  if (!again && named !== undefined && found === undefined && !onlyAnswers && tree.length > 0)
    return { _tag: "UnknownEdit" }
  const all = new Set([null, ...tree.map(({ id }) => id)])
  return placeIn(tree, found === undefined || again ? all : reach(tree, [found]), asked)
}

/**
 * `tree`: all messages of the session, oldest first. A message that the client sends alone follows the newest answer.
 *
 * An earlier message that has no answer at the client and is not stored was refused, so it is skipped.
 */
export const placeOf = (tree: Tree, asked: ClientPlace): Place => {
  if (asked.earlier === undefined) return placeOfOne(tree, asked)
  let ends: Ends = new Set([null])
  for (const [turn, { answered, answers, id, text }] of asked.earlier.entries()) {
    const questions = questionsOf(tree, ends, text, id)
    if (questions.length > 0) ends = endsOf(tree, questions, answers)
    else if (answered) return { _tag: "Unknown", turn }
  }
  return placeIn(tree, ends, asked)
}
