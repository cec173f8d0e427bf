/**
 * The calls of one step as dynamic tools that the server executes. Tools, skills and MCP tools differ by `toolMetadata`.
 * A result without a call gets the call first, because the client refuses an output of an unknown call.
 */
import { type Call, kindOf, nameOf, type Result } from "../agent2ui/CallKind.ts"
import type { Chunk } from "./Chunk.ts"

const executed = { providerExecuted: true, dynamic: true } as const

const outputOf = (
  toolCallId: string,
  success: boolean,
  { error, result }: Result["data"] | Call["data"],
): Chunk =>
  success
    ? { type: "tool-output-available", toolCallId, output: result ?? null, ...executed }
    : { type: "tool-output-error", toolCallId, errorText: error ?? "The call failed.", ...executed }

export class Calls {
  /** The names of the calls without a result, by their ids. */
  readonly #open = new Map<string, string>()
  /** The ids of calls that the client has. */
  readonly #shown: Set<string>

  constructor(shown: Iterable<string> = []) {
    this.#shown = new Set(shown)
  }

  /**
   * The chunks before an approval of the call: none if the client shows the call, else the call itself. Undefined: the
   * approval is of no call.
   */
  waiting(
    toolCallId: string,
    toolName: string | undefined,
    input: Call["data"]["arguments"],
  ): ReadonlyArray<Chunk> | undefined {
    if (this.#shown.has(toolCallId)) return []
    if (toolName === undefined) return undefined
    this.#shown.add(toolCallId)
    return [{ type: "tool-input-available", toolCallId, toolName, input, ...executed }]
  }

  call(call: Call, seq: number): ReadonlyArray<Chunk> {
    const { arguments: input, status } = call.data
    const id =
      call.metadata?.callId ??
      (status === "calling" ? undefined : this.#openOf(nameOf(call))) ??
      `call-${seq}`
    const shown = this.#open.has(id) ? [] : [this.#input(call, id, input)]
    if (status === "calling") {
      this.#open.set(id, nameOf(call))
      return shown
    }
    this.#open.delete(id)
    return [...shown, outputOf(id, status === "success", call.data)]
  }

  result(result: Result, seq: number): ReadonlyArray<Chunk> {
    const id = result.metadata?.callId ?? this.#openOf(nameOf(result)) ?? `call-${seq}`
    const shown = this.#shown.has(id) ? [] : [this.#input(result, id, {})]
    this.#open.delete(id)
    return [...shown, outputOf(id, result.data.success, result.data)]
  }

  #openOf(name: string): string | undefined {
    for (const [id, open] of this.#open) if (open === name) return id
    return undefined
  }

  #input(message: Call | Result, toolCallId: string, input: Call["data"]["arguments"]): Chunk {
    this.#shown.add(toolCallId)
    const toolName = nameOf(message)
    return {
      type: "tool-input-available",
      toolCallId,
      toolName,
      input,
      ...executed,
      toolMetadata: kindOf(message),
    }
  }
}
