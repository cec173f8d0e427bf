/**
 * The message that `useChat` builds of a run's chunks, for a chat that is loaded again. The package's own builder checks it
 * in the tests. Plain code, one per message.
 */
import type { InterruptAnswer } from "../../domain/Interrupt.ts"
import type { Chunk } from "./Chunk.ts"

/** A part of the package `ai`; the fields depend on its type. */
export type UiPart = { type: string; [field: string]: unknown }

export interface UiMessage {
  readonly id: string
  readonly role: "user" | "assistant"
  readonly metadata?: unknown
  readonly parts: ReadonlyArray<UiPart>
}

const provided = ({ providerMetadata }: { readonly providerMetadata?: unknown }) =>
  providerMetadata === undefined ? {} : { providerMetadata }

export class UiMessageBuilder {
  readonly id: string
  #metadata: object = {}
  #parts: Array<UiPart> = []
  /** The texts that chunks continue, by the ids of their blocks. */
  readonly #blocks = new Map<string, UiPart>()

  constructor(id: string) {
    this.id = id
  }

  get message(): UiMessage {
    return { id: this.id, role: "assistant", metadata: this.#metadata, parts: this.#parts }
  }

  /** The ids of the calls that the message shows. */
  get calls(): ReadonlyArray<string> {
    return this.#parts.flatMap(({ toolCallId }) => (typeof toolCallId === "string" ? [toolCallId] : []))
  }

  /** Adds the user's answers to approvals. Gives the ids of the calls that the user has denied. */
  respond(answers: ReadonlyArray<InterruptAnswer>): ReadonlyArray<string> {
    return answers.flatMap(({ interruptId, payload }) => {
      const part = this.#parts.find(
        ({ approval }) =>
          typeof approval === "object" &&
          approval !== null &&
          "id" in approval &&
          approval.id === interruptId,
      )
      if (part === undefined) return []
      const approved =
        payload === true ||
        (typeof payload === "object" &&
          payload !== null &&
          "approved" in payload &&
          payload["approved"] === true)
      Object.assign(part, {
        state: "approval-responded",
        approval: { ...Object(part["approval"]), approved },
      })
      return approved || typeof part["toolCallId"] !== "string" ? [] : [part["toolCallId"]]
    })
  }

  add(chunk: Chunk): void {
    switch (chunk.type) {
      case "start":
      case "finish":
        Object.assign(this.#metadata, chunk.messageMetadata)
        return
      case "start-step":
        this.#parts.push({ type: "step-start" })
        return
      case "reset-step":
        this.#parts = this.#parts.slice(0, this.#stepStart())
        return
      case "text-start":
        return this.#block(chunk.id, { type: "text", text: "", state: "done", ...provided(chunk) })
      case "reasoning-start":
        return this.#block(chunk.id, {
          ...{ type: "reasoning", id: chunk.id, text: "", state: "done" },
          ...provided(chunk),
        })
      case "text-delta":
      case "reasoning-delta": {
        const block = this.#blocks.get(chunk.id)
        if (block !== undefined) block["text"] = `${String(block["text"])}${chunk.delta}`
        return
      }
      case "file":
        this.#parts.push({ type: "file", mediaType: chunk.mediaType, url: chunk.url, ...provided(chunk) })
        return
      default:
        return this.#other(chunk)
    }
  }

  #other(chunk: Chunk): void {
    switch (chunk.type) {
      case "tool-input-available": {
        const { type: _, dynamic: __, ...call } = chunk
        const known = this.#parts
          .slice(this.#stepStart())
          .find(({ toolCallId }) => toolCallId === chunk.toolCallId)
        if (known === undefined) this.#parts.push({ type: "dynamic-tool", state: "input-available", ...call })
        else Object.assign(known, call, { state: "input-available" })
        return
      }
      case "tool-output-available":
        return this.#call(chunk.toolCallId, { state: "output-available", output: chunk.output })
      case "tool-output-error":
        return this.#call(chunk.toolCallId, { state: "output-error", errorText: chunk.errorText })
      case "tool-output-denied":
        return this.#call(chunk.toolCallId, { state: "output-denied" })
      case "tool-approval-request": {
        const { approvalDescriptor: descriptor, approvalId: id, reason: requestReason } = chunk
        return this.#call(chunk.toolCallId, {
          state: "approval-requested",
          approval: { id, descriptor, requestReason },
        })
      }
      default:
        if ("data" in chunk && chunk.transient !== true) this.#data(chunk)
    }
  }

  #block(id: string, part: UiPart): void {
    this.#blocks.set(id, part)
    this.#parts.push(part)
  }

  #call(toolCallId: string, change: object): void {
    const part = this.#parts.findLast((one) => one["toolCallId"] === toolCallId)
    if (part !== undefined) Object.assign(part, change)
  }

  #data({ data, id, type }: Extract<Chunk, { readonly data: unknown }>): void {
    const known =
      id === undefined ? undefined : this.#parts.find((one) => one.type === type && one["id"] === id)
    if (known !== undefined) known["data"] = data
    else this.#parts.push({ type, ...(id === undefined ? {} : { id }), data })
  }

  #stepStart(): number {
    return this.#parts.findLastIndex(({ type }) => type === "step-start") + 1
  }
}
