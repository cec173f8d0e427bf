/**
 * The history rule: selects the messages of a session's branch for an upstream. Pure.
 *
 * Invariant: for any branch, the result starts with a user's message, alternates, has no blank text, is well-formed
 * Unicode and ends with the current message. A failed turn therefore never makes the next one fail.
 */
import type { Attachment } from "./Attachment.ts"
import { withMarks } from "./PromptFile.ts"
import { estimateMessageTokens, estimatePromptTokens } from "./TokenEstimate.ts"

/** One message of a prompt. */
export interface PromptMessage {
  readonly role: "user" | "assistant"
  readonly content: string
  /** The files of a user's message. */
  readonly attachments?: ReadonlyArray<Attachment>
}

/** A message of a branch. `answered`: its turn has an answer, on this or another branch. */
export interface Said extends PromptMessage {
  readonly answered: boolean
}

/**
 * The limit of the runtime's wire. Direct mode gets the same messages, so that both modes answer from the same
 * history.
 */
const mostMessages = 20

/** True for invisible text: white space, control and format characters, fillers. Providers refuse it. */
export const isBlank = (text: string): boolean =>
  /^[\s\p{Default_Ignorable_Code_Point}\p{Cc}\u2800]*$/u.test(text)

/**
 * Removes the `<think>` blocks of an answer. A block without an end lasts to the end of the text. An end without a
 * start closes a block that the model's template opened, so all text before it goes. Linear for any text.
 */
export const withoutThoughts = (text: string): string => {
  if (!/<\/?think>/i.test(text)) return text
  let kept = ""
  let thinking = false
  for (const part of text.split(/(<\/?think>)/i)) {
    const tag = part.toLowerCase()
    if (tag === "<think>") thinking = true
    else if (tag === "</think>") {
      if (!thinking) kept = ""
      thinking = false
    } else if (!thinking) kept += part
  }
  return kept.trim()
}

const attached = (attachments: ReadonlyArray<Attachment>) => (attachments.length === 0 ? {} : { attachments })

const cleaned = ({ answered, attachments = [], content, role }: Said): Said => ({
  role,
  content: (role === "assistant" ? withoutThoughts(content) : content).toWellFormed(),
  answered,
  ...attached(attachments),
})

/** A question with a blank answer counts as unanswered. */
const isKept = (message: Said, index: number, branch: ReadonlyArray<Said>): boolean => {
  const { answered, attachments = [], content, role } = message
  if (isBlank(content) && attachments.length === 0) return false
  if (role === "assistant") return answered
  const next = branch[index + 1]
  return next?.role === "assistant" && next.answered ? !isBlank(next.content) : answered
}

/** The message with marks in place of its files. */
const marked = <M extends PromptMessage>(message: M): M => {
  const { attachments = [], content } = message
  return { ...message, content: withMarks(content, attachments), attachments: [] }
}

/**
 * The newest messages that fit, starting with a user's message. If space is short, the oldest files become marks first.
 * Only then are messages left out.
 */
const newest = <M extends PromptMessage>(
  messages: ReadonlyArray<M>,
  most: number,
  maxTokens: number,
): ReadonlyArray<M> => {
  const fitting: Array<M> = []
  let left = maxTokens
  let filesFit = true
  for (const message of messages.slice(-most).toReversed()) {
    const hasFiles = (message.attachments ?? []).length > 0
    filesFit &&= !hasFiles || estimateMessageTokens(message) <= left
    const chosen = hasFiles && !filesFit ? marked(message) : message
    left -= estimateMessageTokens(chosen)
    if (left < 0) break
    fitting.unshift(chosen)
  }
  const start = fitting.findIndex(({ role }) => role === "user")
  return start === -1 ? [] : fitting.slice(start)
}

/** Joins neighbours of one role by a blank line. */
const merged = (messages: ReadonlyArray<PromptMessage>): ReadonlyArray<PromptMessage> => {
  const result: Array<PromptMessage> = []
  for (const { attachments = [], content, role } of messages) {
    const last = result.at(-1)
    if (last?.role === role)
      result[result.length - 1] = {
        role,
        content: [last.content, content].filter((text) => text !== "").join("\n\n"),
        ...attached([...(last.attachments ?? []), ...attachments]),
      }
    else result.push({ role, content, ...attached(attachments) })
  }
  return result
}

/**
 * The messages to send: the answered turns of `branch` (oldest first), then `message`. It drops the oldest messages
 * beyond 20, or beyond `maxTokens` as estimated; `message` always stays whole, with its files.
 */
export const historyOf = (
  branch: ReadonlyArray<Said>,
  message: string,
  maxTokens: number,
  attachments: ReadonlyArray<Attachment> = [],
): ReadonlyArray<PromptMessage> => {
  const current: PromptMessage = { role: "user", content: message.toWellFormed(), ...attached(attachments) }
  const before = branch.map(cleaned).filter(isKept)
  const kept = newest(before, mostMessages - 1, maxTokens - estimateMessageTokens(current))
  return merged([...kept, current])
}

/** A history that the caller supplies: each user message in it counts as answered. */
export const supplied = (history: ReadonlyArray<PromptMessage>): ReadonlyArray<Said> =>
  history.map((message) => ({ ...message, answered: true }))

/** The newer half of a history by tokens, with its current message. Undefined if nothing can be left out. */
export const halfOf = (history: ReadonlyArray<PromptMessage>): ReadonlyArray<PromptMessage> | undefined => {
  const before = history.slice(0, -1)
  if (before.length === 0) return undefined
  return [...newest(before, mostMessages, Math.floor(estimatePromptTokens(before) / 2)), ...history.slice(-1)]
}
