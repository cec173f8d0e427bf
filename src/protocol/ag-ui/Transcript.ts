/**
 * The run's messages as the client shows them, for the snapshot that takes text back: AG-UI has no other event for that. A
 * snapshot replaces the client's messages, so it repeats all of them. A long answer is dropped, so that a reader never holds
 * one beside the run's log.
 */
import type { Event, Message, ToolCallResult, ToolCallStart } from "./Event.ts"

interface Text {
  readonly kind: "text"
  readonly id: string
  parts: Array<{ readonly seq: number; readonly delta: string }>
}

interface Call {
  readonly kind: "call"
  readonly start: ToolCallStart
  arguments: string
  result: ToolCallResult | undefined
}

/** Characters. Nearly all answers are shorter. */
const mostCharacters = 256 * 1024
/** Parts of text, which may be short. */
const mostParts = 20_000

export class Transcript {
  #items: Array<Call | Text> | undefined = []
  #characters = 0
  #parts = 0

  add(event: Event, seq: number): void {
    if (this.#items === undefined) return
    this.#apply(this.#items, event, seq)
    if (this.#characters > mostCharacters || this.#parts > mostParts) this.#items = undefined
  }

  /** Removes the text of the events `fromSeq`..`toSeq`. */
  retract(fromSeq: number, toSeq: number): void {
    for (const item of this.#items ?? [])
      if (item.kind === "text") item.parts = item.parts.filter(({ seq }) => seq < fromSeq || seq > toSeq)
  }

  /** Undefined: the answer was too long to keep. */
  get messages(): ReadonlyArray<Message> | undefined {
    return this.#items?.flatMap((item) => (item.kind === "text" ? textMessages(item) : callMessages(item)))
  }

  #apply(items: Array<Call | Text>, event: Event, seq: number): void {
    switch (event.type) {
      case "TEXT_MESSAGE_START":
        items.push({ kind: "text", id: event.messageId, parts: [] })
        return
      case "TEXT_MESSAGE_CONTENT": {
        this.#parts += 1
        this.#characters += event.delta.length
        const text = items.findLast((item) => item.kind === "text")
        text?.parts.push({ seq, delta: event.delta })
        return
      }
      case "TOOL_CALL_START":
        items.push({ kind: "call", start: event, arguments: "", result: undefined })
        return
      case "TOOL_CALL_ARGS": {
        this.#characters += event.delta.length
        const call = callOf(items, event.toolCallId)
        if (call !== undefined) call.arguments = event.delta
        return
      }
      case "TOOL_CALL_RESULT": {
        this.#parts += 1
        this.#characters += event.content.length
        const call = callOf(items, event.toolCallId)
        if (call !== undefined) call.result = event
      }
    }
  }
}

const callOf = (items: ReadonlyArray<Call | Text>, id: string): Call | undefined =>
  items.findLast((item): item is Call => item.kind === "call" && item.start.toolCallId === id)

const textMessages = ({ id, parts }: Text): ReadonlyArray<Message> =>
  parts.length === 0 ? [] : [{ id, role: "assistant", content: parts.map(({ delta }) => delta).join("") }]

const callMessages = ({ arguments: input, result, start }: Call): ReadonlyArray<Message> => {
  const { metadata, toolCallId: id, toolCallName: name } = start
  const call = { id, type: "function", function: { name, arguments: input }, metadata }
  const message = { id, role: "assistant", toolCalls: [call] }
  if (result === undefined) return [message]
  const { content, messageId, metadata: own, toolCallId } = result
  return [message, { id: messageId, role: "tool", toolCallId, content, metadata: own }]
}
