/** Rewrites events of servers before AG-UI 1.0, and of servers that leave out ids that nothing needs. Pure. */
import { isBlank, isRecord, type JsonRecord, recordsOf, textOf } from "../direct/JsonRead.ts"

/** Before 1.0 reasoning was called thinking, and its events had no message id. */
const ofThinking = (json: JsonRecord): JsonRecord | undefined =>
  json["type"] === "THINKING_TEXT_MESSAGE_CONTENT"
    ? { ...json, type: "REASONING_MESSAGE_CONTENT", messageId: "thinking" }
    : undefined

const interruptOf = (json: JsonRecord, index: number): JsonRecord => {
  const { id, message, payload, reason, responseSchema, value } = json
  const data = payload ?? value
  return {
    id: textOf(id) ?? `interrupt-${index + 1}`,
    reason: textOf(reason) ?? "interrupt",
    message: textOf(message) ?? null,
    responseSchema: isRecord(responseSchema) ? responseSchema : null,
    metadata: isRecord(data) ? data : isBlank(data) ? null : { value: data },
  }
}

/** The draft of the interrupts had a word as the outcome, and one interrupt or a list beside it. */
const ofEnd = (json: JsonRecord): JsonRecord => {
  const { interrupt, outcome, runId, threadId } = json
  const ids = { threadId: threadId ?? "", runId: runId ?? "" }
  const interrupts = (isRecord(interrupt) ? [interrupt] : recordsOf(interrupt)).map(interruptOf)
  const isWord = typeof outcome === "string"
  if (interrupts.length > 0 && (isWord || outcome === undefined || outcome === null))
    return { ...json, ...ids, outcome: { type: "interrupt", interrupts } }
  return { ...json, ...ids, ...(isWord ? { outcome: { type: outcome, interrupts } } : {}) }
}

const ofResult = (json: JsonRecord): JsonRecord => {
  const { content, messageId, toolCallId } = json
  const isContent = typeof content === "string" || Array.isArray(content)
  return {
    ...json,
    messageId: messageId ?? `result-${String(toolCallId)}`,
    content: isContent || content === undefined ? content : JSON.stringify(content),
  }
}

/** The event as 1.0 has it. Undefined: 1.0 has no such event. */
export const current = (json: unknown): unknown => {
  if (!isRecord(json) || typeof json["type"] !== "string") return json
  if (json["type"].startsWith("THINKING_")) return ofThinking(json)
  if (json["type"] === "RUN_FINISHED") return ofEnd(json)
  return json["type"] === "TOOL_CALL_RESULT" ? ofResult(json) : json
}
