/** The roles of message types in a turn: content commits the answer, a call forbids a second run. Pure. */
import type { MessageType } from "./Message.ts"

/** The parts of an answer. Before the first of them, nothing has been promised to the reader. */
const contentTypes: ReadonlySet<MessageType> = new Set<MessageType>([
  "text",
  "markdown",
  "code",
  "table",
  "chart",
  "image",
  "file",
  "report",
  "interrupt",
])

/** Calls may have effects outside, so a turn with one must not silently run twice. */
const callTypes: ReadonlySet<MessageType> = new Set<MessageType>(["tool_call", "skill_call", "mcp_call"])

const resultTypes: ReadonlySet<MessageType> = new Set<MessageType>([
  "tool_result",
  "skill_result",
  "mcp_result",
])

export const isResult = (type: MessageType): boolean => resultTypes.has(type)
export const isContent = (type: MessageType): boolean => contentTypes.has(type)
export const isCall = (type: MessageType): boolean => callTypes.has(type)

/** Content that a `retract` takes back. Files and interrupts stay, because a later attempt does not make them again. */
export const isRetractable = (type: MessageType): boolean =>
  contentTypes.has(type) && type !== "file" && type !== "interrupt"
