/** Rules on the parts of an answer. Pure. */
import type { Answer } from "../../client/Conversation.ts"

/** The types that are content alone. */
const contentTypes: ReadonlySet<string> = new Set([
  "text",
  "markdown",
  "code",
  "table",
  "chart",
  "image",
  "file",
  "report",
])

/** True if something of the answer belongs to the execution chain. */
export const hasChain = ({ error, parts }: Pick<Answer, "error" | "parts">): boolean =>
  error !== undefined || parts.some(({ type }) => !contentTypes.has(type))

/** True if the answer failed or came from another upstream than the one that began it. */
export const hasTrouble = ({ parts, status }: Pick<Answer, "parts" | "status">): boolean =>
  status === "failed" || parts.some(({ type }) => type === "fallback")
