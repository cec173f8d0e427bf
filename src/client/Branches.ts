/** The branches of a conversation: which versions a message has, and the conversation when one of them is replaced. Pure. */
import type { Session } from "./Contract.ts"
import type { Conversation, ConversationMessage } from "./Conversation.ts"

/** The place of a message among the versions of it, such as 2 of 3. */
export interface Version {
  readonly number: number
  readonly of: number
  /** The ids of the versions before and after it. */
  readonly previous?: string
  readonly next?: string
}

/** Undefined if the conversation does not know the versions. */
export const versionOf = ({ messageId, siblings }: ConversationMessage): Version | undefined => {
  const index = messageId === undefined ? -1 : (siblings?.indexOf(messageId) ?? -1)
  if (siblings === undefined || index < 0) return undefined
  const previous = siblings[index - 1]
  const next = siblings[index + 1]
  return {
    number: index + 1,
    of: siblings.length,
    ...(previous === undefined ? {} : { previous }),
    ...(next === undefined ? {} : { next }),
  }
}

/** The index of the question that the message asks or answers; -1 if there is none. */
export const questionAt = ({ messages }: Conversation, key: string): number => {
  const index = messages.findIndex((message) => message.key === key)
  return messages.slice(0, index + 1).findLastIndex(({ role }) => role === "user")
}

/** The conversation before another answer to the question at `index`. */
export const beforeAnswer = (conversation: Conversation, index: number): Conversation => ({
  ...conversation,
  messages: conversation.messages.slice(0, index + 1),
})

/** The conversation before the question at `index`, which is edited. */
export const beforeQuestion = (conversation: Conversation, index: number): Conversation => ({
  ...conversation,
  messages: conversation.messages.slice(0, index),
})

type Stored = Session["messages"][number]

const placed = <Message extends ConversationMessage>(message: Message, stored: Stored | undefined): Message =>
  stored === undefined
    ? message
    : {
        ...message,
        messageId: stored.id,
        ...(stored.siblings === undefined ? {} : { siblings: stored.siblings }),
      }

/** Adds the ids and siblings of the stored path. An answer is found by its run, and a question by its answer. */
export const withPlaces = (conversation: Conversation, path: ReadonlyArray<Stored>): Conversation => {
  const answerOf = (message: ConversationMessage | undefined) =>
    message?.role === "assistant"
      ? path.find(({ role, runId }) => role === "assistant" && runId === message.runId)
      : undefined
  const messages = conversation.messages.map((message, index, all) => {
    if (message.role === "assistant") return placed(message, answerOf(message))
    const parent = answerOf(all[index + 1])?.parentMessageId
    return placed(
      message,
      path.find(({ id }) => id === parent),
    )
  })
  return { ...conversation, messages }
}
