/**
 * The open text or reasoning message. Consecutive chunks share a message; a part of another kind closes it, so that the
 * client's messages keep the order of the answer.
 */
import type { Event } from "./Event.ts"

interface Block {
  readonly kind: "reasoning" | "text"
  readonly id: string
  /** Chunks with another key start a new message. */
  readonly key: string
  readonly subagentRunId: string | undefined
}

interface Thought {
  readonly delta: string
  readonly stage: string | undefined
  readonly callId: string | undefined
  readonly subagentRunId: string | undefined
}

const attributionOf = (subagentRunId: string | undefined) =>
  subagentRunId === undefined ? {} : { subagentRunId }

export class Blocks {
  #open: Block | undefined

  /** The id of the open text message; undefined if none is open. */
  get textId(): string | undefined {
    return this.#open?.kind === "text" ? this.#open.id : undefined
  }

  /** `id` names the message if this chunk starts one. An empty chunk writes nothing. */
  text(delta: string, id: string): ReadonlyArray<Event> {
    if (delta === "") return []
    const open = this.textId
    if (open !== undefined) return [{ type: "TEXT_MESSAGE_CONTENT", messageId: open, delta }]
    const closing = this.close()
    this.#open = { kind: "text", id, key: "", subagentRunId: undefined }
    return [
      ...closing,
      { type: "TEXT_MESSAGE_START", messageId: id, role: "assistant" },
      { type: "TEXT_MESSAGE_CONTENT", messageId: id, delta },
    ]
  }

  /** A model's reasoning and a sub-agent's text come in chunks. A thought of another stage is whole. */
  thinking({ callId = "", delta, stage = "", subagentRunId }: Thought, id: string): ReadonlyArray<Event> {
    if (delta === "") return []
    const key = `${stage}:${callId}`
    const isChunk = stage === "" || stage === "reasoning"
    const open = this.#open
    const isSame = isChunk && open?.kind === "reasoning" && open.key === key
    const closing = isSame ? [] : this.close()
    const messageId = isSame ? open.id : id
    const by = attributionOf(subagentRunId)
    if (!isSame) this.#open = { kind: "reasoning", id, key, subagentRunId }
    const opening: ReadonlyArray<Event> = isSame
      ? []
      : [
          { type: "REASONING_START", messageId, ...by },
          { type: "REASONING_MESSAGE_START", messageId, role: "reasoning", ...by },
        ]
    return [...closing, ...opening, { type: "REASONING_MESSAGE_CONTENT", messageId, delta, ...by }]
  }

  close(): ReadonlyArray<Event> {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return []
    if (open.kind === "text") return [{ type: "TEXT_MESSAGE_END", messageId: open.id }]
    const by = attributionOf(open.subagentRunId)
    return [
      { type: "REASONING_MESSAGE_END", messageId: open.id, ...by },
      { type: "REASONING_END", messageId: open.id, ...by },
    ]
  }
}
