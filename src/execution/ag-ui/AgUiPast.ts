/**
 * The messages of earlier turns as AG-UI knows them: the agent's own messages where it answered, with its own ids, or the
 * stored texts. LangGraph appends messages with unknown ids, so a copy of an answer under another id would stand twice. Pure.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { UpstreamRecord } from "../../domain/MessageRecord.ts"
import { isBlank, type PromptMessage, withoutThoughts } from "../../domain/History.ts"
import type { PastMessage } from "../Executor.ts"
import type { Files } from "../files/PromptContent.ts"
import { contentOf } from "./AgUiContent.ts"
import { Message } from "./AgUiWire.ts"
import { isRecord } from "./JsonPatch.ts"

const wireName = "ag-ui"

/** The form in which the run announced an interrupt decides the form of its answer. */
export const Pending = Schema.Struct({
  interruptId: Schema.String,
  /** An entry of `resume`, a command in `forwardedProps`, or the result of a call. */
  by: Schema.Literals(["resume", "command", "call"]),
  toolCallId: Schema.optionalKey(Schema.String),
  /** The value of the `on_interrupt` event. Mastra needs it back. */
  value: Schema.optionalKey(Schema.Json),
})
export type Pending = typeof Pending.Type

/** The wire's data about its own answer. */
export const AnswerRecord = Schema.Struct({
  messages: Schema.Array(Message),
  pending: Schema.optionalKey(Schema.Array(Pending)),
  /** The thread of the answer, if it is not the session's own. */
  thread: Schema.optionalKey(Schema.String),
  /** The agent's state, which AG-UI clients hold and send back. */
  state: Schema.optionalKey(Schema.Json),
})
export type AnswerRecord = typeof AnswerRecord.Type

/** Larger state is not stored for the next turn. */
const mostStateCharacters = 256 * 1024

/** LangGraph's state repeats the messages. */
const storedState = (state: Schema.Json | undefined): Schema.Json | undefined => {
  const own = isRecord(state)
    ? Object.fromEntries(Object.entries(state).filter(([name]) => name !== "messages"))
    : state
  return own !== undefined && JSON.stringify(own).length <= mostStateCharacters ? own : undefined
}

/** The record of an answer for later turns. */
export const recordFor = (
  messages: ReadonlyArray<Message>,
  state: Schema.Json | undefined,
  waiting: ReadonlyArray<{ readonly pending: Pending }>,
  thread?: string,
): UpstreamRecord => {
  const stored = storedState(state)
  return {
    wire: wireName,
    data: {
      messages: messages.map((message) => ({ ...message })),
      ...(waiting.length === 0 ? {} : { pending: waiting.map(({ pending }) => pending) }),
      ...(thread === undefined ? {} : { thread }),
      ...(stored === undefined ? {} : { state: stored }),
    },
  }
}

const decodeRecord = Schema.decodeUnknownOption(AnswerRecord)

export const recordOf = ({ upstream }: Pick<PastMessage, "upstream">): AnswerRecord | undefined =>
  upstream?.wire === wireName ? Option.getOrUndefined(decodeRecord(upstream.data)) : undefined

export const messageOf = (id: string, message: PromptMessage, files: Files): Message =>
  message.role === "user"
    ? { id, role: "user", content: contentOf(files, message) }
    : { id, role: "assistant", content: message.content }

const ownMessage = (message: PastMessage, files: Files): ReadonlyArray<Message> => {
  const { attachments = [], id, role } = message
  const content = (role === "assistant" ? withoutThoughts(message.content) : message.content).toWellFormed()
  return isBlank(content) && attachments.length === 0 ? [] : [messageOf(id, { ...message, content }, files)]
}

/** A new thread takes the results of calls, which are messages, but no other answers to interrupts. */
export const resumesAnywhere = ({ pending }: AnswerRecord): boolean =>
  pending?.every(({ by }) => by === "call") === true

/** The interrupts got no answer: the next answer is on another thread, where the agent began at the question again. */
const isLeft = (past: ReadonlyArray<PastMessage>, index: number): boolean => {
  const message = past[index]
  const record = message === undefined ? undefined : recordOf(message)
  const next = past.slice(index + 1).find(({ role }) => role === "assistant")
  const nextRecord = next === undefined ? undefined : recordOf(next)
  if (message === undefined || record === undefined || nextRecord === undefined) return false
  return message.interrupts.length > 0 && !resumesAnywhere(record) && nextRecord.thread !== record.thread
}

/** The user's message answered an interrupt: the agent got it as the answer, and a result must follow its call. */
const isAnswer = (past: ReadonlyArray<PastMessage>, index: number): boolean => {
  const before = past[index - 1]
  const after = past[index + 1]
  return (
    before !== undefined &&
    before.interrupts.length > 0 &&
    recordOf(before) !== undefined &&
    (after === undefined || recordOf(after) !== undefined)
  )
}

export const messagesOf = (past: ReadonlyArray<PastMessage>, files?: Files): ReadonlyArray<Message> =>
  past.flatMap((message, index) => {
    const record = recordOf(message)
    if (isLeft(past, index)) return []
    if (record !== undefined && record.messages.length > 0) return record.messages
    const isPlain = message.answers.length === 0 && isLeft(past, index - 1)
    return message.role === "user" && isAnswer(past, index) && !isPlain ? [] : ownMessage(message, files)
  })

/** The record of the last answer. */
export const lastRecordOf = (past: ReadonlyArray<PastMessage>): AnswerRecord | undefined => {
  const last = past.findLast(({ role }) => role === "assistant")
  return last === undefined ? undefined : recordOf(last)
}

/** The newest state that an answer of the branch reported. */
export const stateOf = (past: ReadonlyArray<PastMessage>): Schema.Json | undefined =>
  past.map(recordOf).findLast((record) => record?.state !== undefined)?.state
