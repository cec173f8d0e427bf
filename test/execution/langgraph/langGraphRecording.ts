/** Feeds bytes of a LangGraph run's stream to a decoder. */
import type { ExecutionError } from "../../../src/execution/ExecutionError.ts"
import type { ExecutionEvent } from "../../../src/execution/Executor.ts"
import { LangGraphDecoder } from "../../../src/execution/langgraph/LangGraphDecoder.ts"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { runId } from "../../support/fixtures.ts"

export interface Decoded {
  readonly events: ReadonlyArray<ExecutionEvent>
  readonly drafts: ReadonlyArray<Draft>
  readonly error: ExecutionError | undefined
  readonly decoder: LangGraphDecoder
}

export const decode = (chunks: Iterable<Uint8Array>): Decoded => {
  const decoder = new LangGraphDecoder(runId)
  const events: Array<ExecutionEvent> = []
  let error: ExecutionError | undefined
  const inOrder = function* () {
    for (const chunk of chunks) yield decoder.feed(chunk)
    yield decoder.end()
  }
  for (const decoded of inOrder()) {
    events.push(...decoded.events)
    error ??= decoded.error
    if (error !== undefined) break
  }
  const drafts = events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))
  return { events, drafts, error, decoder }
}

/** One event: its name, and its data as JSON. */
export type Frame = readonly [event: string, data: unknown]

export const bytesOf = (frames: ReadonlyArray<Frame>): Buffer =>
  Buffer.from(
    frames.map(([event, data]) => `event: ${event}\r\ndata: ${JSON.stringify(data)}\r\n\r\n`).join(""),
  )

export const decodeFrames = (...frames: ReadonlyArray<Frame>): Decoded => decode([bytesOf(frames)])

interface Place {
  readonly langgraph_node?: string
  readonly tags?: ReadonlyArray<string>
}

/** A part of a model's message. */
export const part = (id: string, content: unknown, fields: object = {}, place: Place = {}): Frame => [
  "messages",
  [
    { type: "AIMessageChunk", id, content, ...fields },
    { langgraph_node: "chat", ...place },
  ],
]

export const ai = (id: string, content: unknown, fields: object = {}) => ({
  type: "ai",
  id,
  content,
  ...fields,
})

export const toolMessage = (callId: string, content: unknown, fields: object = {}) => ({
  type: "tool",
  id: `result-${callId}`,
  tool_call_id: callId,
  name: "search",
  content,
  status: "success",
  ...fields,
})

export const update = (messages: unknown, node = "chat"): Frame => ["updates", { [node]: { messages } }]
