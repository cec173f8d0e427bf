/**
 * The parts of one step, which is one attempt of the run: Agent2UI messages as chunks. Stateful, one per step of a
 * stream.
 *
 * Code becomes fenced text and images become files, because every client shows those. Other structured content becomes
 * `data-<type>`, with the data of Agent2UI.
 */
import type { RunId } from "../../domain/Ids.ts"
import { fenced } from "../agent2ui/Fence.ts"
import type { Message } from "../agent2ui/Message.ts"
import { advance, noPlan, type Plan, stepOf } from "../agent2ui/PlanSteps.ts"
import { Blocks } from "./Blocks.ts"
import { Calls } from "./Calls.ts"
import type { Chunk, Data } from "./Chunk.ts"

type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>

const codeText = ({ code, filename, language }: Of<"code">["data"]): string => {
  const info = filename === undefined ? language : `${language} title=${JSON.stringify(filename)}`
  return `\n${fenced(code, info)}\n`
}

const file = ({ mimeType, url, ...rest }: Of<"file">["data"]): Chunk => ({
  type: "file",
  url,
  mediaType: mimeType,
  providerMetadata: { crossfade: rest },
})

/** A data URL names its type. Clients show `image/*` as an image. */
const image = ({ url, ...rest }: Of<"image">["data"]): Chunk => ({
  type: "file",
  url,
  mediaType: /^data:(image\/[\w.+-]+)/i.exec(url)?.[1] ?? "image/*",
  providerMetadata: { crossfade: rest },
})

/** The rest of a `plan_step`, which a step of the plan has no field for. */
const details = ({ error, params, result, tool }: Of<"plan_step">["data"]) => ({
  ...(tool === undefined ? {} : { tool }),
  ...(params === undefined ? {} : { params }),
  ...(result === undefined ? {} : { result }),
  ...(error === undefined ? {} : { error }),
})

export class Step {
  readonly #blocks = new Blocks()
  readonly #calls: Calls
  readonly #updated = new Set<string>()
  readonly #runId: RunId
  #plan: Plan = noPlan

  /** `shownCalls`: the ids of calls that the client has from an earlier run of the same message. */
  constructor(runId: RunId, shownCalls: Iterable<string>) {
    this.#runId = runId
    this.#calls = new Calls(shownCalls)
  }

  /** Ends the step. A plan that no attempt continues is emptied. */
  abandon(): ReadonlyArray<Chunk> {
    const closing = this.close()
    return this.#plan.steps.length === 0 ? closing : [...closing, this.#planOf(noPlan)]
  }

  close(): ReadonlyArray<Chunk> {
    return this.#blocks.close()
  }

  chunks(message: Message, seq: number): ReadonlyArray<Chunk> {
    switch (message.type) {
      case "text":
      case "markdown":
        return this.#blocks.text(message.data.content, seq)
      case "code":
        return this.#blocks.text(codeText(message.data), seq)
      case "thinking":
        return this.#blocks.thinking(message, seq)
      case "plan":
        return this.#update(this.#planOf(message.data))
      case "plan_step": {
        const step = { ...stepOf(message.data), ...details(message.data) }
        return this.#update(this.#planOf(advance(this.#plan, step)))
      }
      case "tool_call":
      case "skill_call":
      case "mcp_call":
        return this.#add(this.#calls.call(message, seq))
      case "tool_result":
      case "skill_result":
      case "mcp_result":
        return this.#add(this.#calls.result(message, seq))
      case "interrupt":
        return this.#interrupt(message)
      case "file":
        return this.#add([file(message.data)])
      case "image":
        return this.#add([image(message.data)])
      default:
        return this.#other(message)
    }
  }

  #other(message: Message): ReadonlyArray<Chunk> {
    const type = `data-${message.type}` as const
    switch (message.type) {
      case "progress":
        return this.#update({
          type,
          id: `${this.#runId}:progress:${message.data.label ?? ""}`,
          data: message.data,
        })
      case "sandbox_status":
        return this.#update({
          type,
          id: `${this.#runId}:sandbox:${message.data.sandboxId}`,
          data: message.data,
        })
      default:
        return this.#add([{ type, id: message.id, data: message.data }])
    }
  }

  /** An approval of a call that the client shows, or of one that the interrupt describes. Other questions are data. */
  #interrupt({ data, id, metadata }: Of<"interrupt">): ReadonlyArray<Chunk> {
    const { interruptId, message, reason, toolName } = data
    const callId = metadata?.callId ?? interruptId
    const waiting = this.#calls.waiting(callId, toolName, data.arguments ?? {})
    if (waiting === undefined) return this.#add([{ type: "data-interrupt", id, data }])
    const request = {
      type: "tool-approval-request",
      approvalId: interruptId,
      toolCallId: callId,
      reason: message ?? reason,
      approvalDescriptor: data,
    } as const
    return this.#add([...waiting, request])
  }

  /** A new part, after which text starts a new block. */
  #add(chunks: ReadonlyArray<Chunk>): ReadonlyArray<Chunk> {
    return [...this.close(), ...chunks]
  }

  /** A part that later data replaces. The open block continues, unless the part is new. */
  #update(part: Data & { readonly id: string }): ReadonlyArray<Chunk> {
    const key = `${part.type} ${part.id}`
    if (this.#updated.has(key)) return [part]
    this.#updated.add(key)
    return this.#add([part])
  }

  #planOf(plan: Plan): Data & { readonly id: string } {
    this.#plan = plan
    return { type: "data-plan", id: `${this.#runId}:plan`, data: plan }
  }
}
