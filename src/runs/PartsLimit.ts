/**
 * The limit of an answer's stored parts. A run may have 16 MiB, and a session is read with its parts. Texts are always
 * stored whole. Beyond the limit the largest other parts lose their data, and a notice says so. Pure.
 */
import { parseEventId, eventId } from "../domain/EventId.ts"
import type { RunId } from "../domain/Ids.ts"
import { jsonBytes } from "../domain/Page.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"

export const mostBytes = 4 * 1024 * 1024

/** Parts of the answer's text, and notices that explain it. */
const whole: ReadonlySet<Message["type"]> = new Set<Message["type"]>([
  "text",
  "markdown",
  "code",
  "plan",
  "interrupt",
  "fallback",
  "retract",
  "error",
])

/** The message without its large data; undefined if nothing of it is left to show. */
const reduced = (message: Message): Message | undefined => {
  switch (message.type) {
    case "tool_call":
      return { ...message, data: { ...message.data, arguments: {}, ...noResult(message.data) } }
    case "skill_call":
      return { ...message, data: { ...message.data, arguments: {}, ...noResult(message.data) } }
    case "mcp_call":
      return { ...message, data: { ...message.data, arguments: {}, ...noResult(message.data) } }
    case "tool_result":
      return { ...message, data: { ...message.data, result: null } }
    case "skill_result":
      return { ...message, data: { ...message.data, result: null } }
    case "mcp_result":
      return { ...message, data: { ...message.data, result: null } }
    default:
      return undefined
  }
}

const noResult = ({ result }: { readonly result?: unknown }) => (result === undefined ? {} : { result: null })

const noticeOf = (runId: RunId, count: number, last: Message): Message => ({
  id: eventId(runId, (parseEventId(last.id)?.seq ?? 0) + 1),
  type: "error",
  data: {
    code: "PARTS_TOO_LARGE",
    message: `This answer is too large to be stored whole. Its text is complete; ${count} other parts are left out or have no data.`,
    recoverable: false,
  },
  timestamp: last.timestamp,
})

/** The indexes of the largest parts that must lose their data. */
const largest = (parts: ReadonlyArray<Message>, most: number): ReadonlySet<number> => {
  const sized = parts.map((part, index) => ({ index, part, bytes: jsonBytes(part) }))
  let total = sized.reduce((sum, { bytes }) => sum + bytes, 0)
  const chosen = new Set<number>()
  for (const { bytes, index, part } of sized.toSorted((a, b) => b.bytes - a.bytes)) {
    if (total <= most) break
    if (whole.has(part.type)) continue
    chosen.add(index)
    const rest = reduced(part)
    total -= bytes - (rest === undefined ? 0 : jsonBytes(rest))
  }
  return chosen
}

export const limited = (
  runId: RunId,
  parts: ReadonlyArray<Message>,
  most = mostBytes,
): ReadonlyArray<Message> => {
  const last = parts.at(-1)
  const chosen = largest(parts, most)
  if (last === undefined || chosen.size === 0) return parts
  const rest = parts.flatMap((part, index) => (chosen.has(index) ? (reduced(part) ?? []) : [part]))
  return [...rest, noticeOf(runId, chosen.size, last)]
}
