/**
 * The open block of text or reasoning. Consecutive chunks share a block; a part of another kind closes it, so that the
 * parts of the client's message keep the order of the answer.
 */
import type { Message } from "../agent2ui/Message.ts"
import type { Chunk } from "./Chunk.ts"

type Thinking = Extract<Message, { readonly type: "thinking" }>

interface Block {
  readonly kind: "text" | "reasoning"
  readonly id: string
  /** Chunks with another key start a new block. */
  readonly key: string
}

export class Blocks {
  #open: Block | undefined

  text(delta: string, seq: number): ReadonlyArray<Chunk> {
    const open = this.#open
    if (open?.kind === "text") return [{ type: "text-delta", id: open.id, delta }]
    const closing = this.close()
    const id = `text-${seq}`
    this.#open = { kind: "text", id, key: "" }
    return [...closing, { type: "text-start", id }, { type: "text-delta", id, delta }]
  }

  /** A model's reasoning and a sub-agent's text come in chunks. A thought of another stage is whole. */
  thinking({ data: { content: delta, stage }, metadata }: Thinking, seq: number): ReadonlyArray<Chunk> {
    const isChunk = stage === undefined || stage === "reasoning"
    const key = `${stage ?? ""}:${metadata?.callId ?? ""}`
    const open = this.#open
    if (isChunk && open?.kind === "reasoning" && open.key === key)
      return [{ type: "reasoning-delta", id: open.id, delta }]
    const closing = this.close()
    const id = `reasoning-${seq}`
    this.#open = { kind: "reasoning", id, key }
    return [
      ...closing,
      {
        type: "reasoning-start",
        id,
        ...(stage === undefined ? {} : { providerMetadata: { crossfade: { stage } } }),
      },
      { type: "reasoning-delta", id, delta },
    ]
  }

  close(): ReadonlyArray<Chunk> {
    const open = this.#open
    this.#open = undefined
    return open === undefined ? [] : [{ type: `${open.kind}-end`, id: open.id }]
  }
}
