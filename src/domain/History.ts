/**
 * The history rule: from a branch of a session to the messages that an upstream is sent. Pure.
 *
 * Invariant: whatever the branch holds, the result begins with a user's message, alternates, has no blank text, is
 * well-formed Unicode and ends with the current message. A turn that failed therefore never makes the next one fail.
 */
import { estimatePromptTokens, estimateTextTokens } from "./TokenEstimate.ts"

/** One message of a prompt. */
export interface PromptMessage {
  readonly role: "user" | "assistant"
  readonly content: string
}

/** A message of a branch. `answered`: its turn has an answer, on this branch or on another one. */
export interface Said extends PromptMessage {
  readonly answered: boolean
}

/** The runtime's wire accepts so many; direct mode gets the same, so that both answer from the same past. */
const mostMessages = 20

/** Nothing to see: white space, control and format characters, fillers. Providers refuse such a text. */
export const isBlank = (text: string): boolean =>
  /^[\s\p{Default_Ignorable_Code_Point}\p{Cc}\u2800]*$/u.test(text)

/**
 * An answer without its `<think>` blocks. A block without an end lasts until the end of the text; an end without a beginning
 * closes a block that the model's template opened, so everything before it goes. Linear, whatever the text.
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

const cleaned = ({ answered, content, role }: Said): Said => ({
  role,
  content: (role === "assistant" ? withoutThoughts(content) : content).toWellFormed(),
  answered,
})

/** A question with a blank answer counts as one without an answer. */
const isKept = ({ answered, content, role }: Said, index: number, branch: ReadonlyArray<Said>): boolean => {
  if (isBlank(content)) return false
  if (role === "assistant") return true
  const next = branch[index + 1]
  return next?.role === "assistant" ? !isBlank(next.content) : answered
}

/** The newest messages that fit, from a user's message on. */
const newest = <M extends PromptMessage>(
  messages: ReadonlyArray<M>,
  most: number,
  maxTokens: number,
): ReadonlyArray<M> => {
  let first = messages.length
  let left = maxTokens
  while (first > 0 && messages.length - first < most) {
    left -= estimateTextTokens(messages[first - 1]!.content)
    if (left < 0) break
    first -= 1
  }
  const fitting = messages.slice(first)
  const start = fitting.findIndex(({ role }) => role === "user")
  return start === -1 ? [] : fitting.slice(start)
}

/** Neighbours of one role become one message, joined by a blank line. */
const merged = (messages: ReadonlyArray<PromptMessage>): ReadonlyArray<PromptMessage> => {
  const result: Array<PromptMessage> = []
  for (const { content, role } of messages) {
    const last = result.at(-1)
    if (last?.role === role) result[result.length - 1] = { role, content: `${last.content}\n\n${content}` }
    else result.push({ role, content })
  }
  return result
}

/**
 * The messages to send: the turns of `branch` (oldest first) that have an answer, then `message`. The oldest messages go first when
 * there are more than 20 or they take more than `maxTokens`, as estimated; `message` always stays whole.
 */
export const historyOf = (
  branch: ReadonlyArray<Said>,
  message: string,
  maxTokens: number,
): ReadonlyArray<PromptMessage> => {
  const current: PromptMessage = { role: "user", content: message.toWellFormed() }
  const before = branch.map(cleaned).filter(isKept)
  const kept = newest(before, mostMessages - 1, maxTokens - estimateTextTokens(current.content))
  return merged([...kept, current])
}

/** A history that the caller supplies: every user message in it counts as answered. */
export const supplied = (history: ReadonlyArray<PromptMessage>): ReadonlyArray<Said> =>
  history.map((message) => ({ ...message, answered: true }))

/** The newer half of a history by tokens, and its current message. Undefined where there is nothing to leave out. */
export const halfOf = (history: ReadonlyArray<PromptMessage>): ReadonlyArray<PromptMessage> | undefined => {
  const before = history.slice(0, -1)
  if (before.length === 0) return undefined
  return [...newest(before, mostMessages, Math.floor(estimatePromptTokens(before) / 2)), ...history.slice(-1)]
}
