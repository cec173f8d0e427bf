/**
 * The tool calls of an answer: each is shown once, with all its arguments, before its result. Plain code, one per
 * response.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { draft, type ValidDraft } from "../../protocol/agent2ui/Message.ts"
import type { Call, CallChunk, ToolMessage } from "./LangGraphMessage.ts"

interface Building {
  readonly index: number | undefined
  id: string | undefined
  name: string
  arguments: string
}

const parseArguments = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)),
)

const started = ({ arguments: args, id, name }: Call): ValidDraft =>
  draft({
    type: "tool_call",
    data: { toolName: name, arguments: args, status: "calling" },
    metadata: { callId: id },
  })

export class LangGraphCalls {
  /** The streamed calls of each message that may be incomplete. */
  readonly #building = new Map<string, Array<Building>>()
  /** Calls without a result. */
  readonly #open = new Map<string, Call>()
  readonly #started = new Set<string>()
  readonly #ended = new Set<string>()

  get open(): ReadonlyArray<Call> {
    return [...this.#open.values()]
  }

  /** The open call, if there is exactly one. */
  get onlyOpen(): Call | undefined {
    const [call] = this.#open.values()
    return this.#open.size === 1 ? call : undefined
  }

  stream(messageId: string, chunks: ReadonlyArray<CallChunk>): void {
    if (chunks.length === 0) return
    const building = this.#building.get(messageId) ?? []
    this.#building.set(messageId, building)
    for (const chunk of chunks) {
      const call = chunk.index === undefined ? lastOf(building, chunk) : ofIndex(building, chunk.index)
      if (call === undefined) building.push({ ...chunk })
      else {
        call.id ??= chunk.id
        call.name += chunk.name
        call.arguments += chunk.arguments
      }
    }
  }

  /** All parts of the message have arrived. */
  complete(messageId: string): ReadonlyArray<ValidDraft> {
    const building = this.#building.get(messageId) ?? []
    this.#building.delete(messageId)
    return this.start(
      building.flatMap((call, index) => {
        const args = parseArguments(call.arguments === "" ? "{}" : call.arguments)
        const id = call.id ?? `${messageId}:${index}`
        // The agent does not run a call with unreadable arguments.
        return Option.isNone(args) ? [] : [{ id, name: call.name, arguments: args.value }]
      }),
    )
  }

  /** The answer ends within a message. A call whose arguments are complete may have been made. */
  completeAll(): ReadonlyArray<ValidDraft> {
    for (const [id, calls] of this.#building)
      this.#building.set(
        id,
        calls.filter((call) => call.arguments !== ""),
      )
    return [...this.#building.keys()].flatMap((id) => this.complete(id))
  }

  /** Whole calls, from a message of the state. */
  start(calls: ReadonlyArray<Call>): ReadonlyArray<ValidDraft> {
    const fresh = calls.filter(({ id }) => !this.#started.has(id))
    for (const call of fresh) {
      this.#started.add(call.id)
      if (!this.#ended.has(call.id)) this.#open.set(call.id, call)
    }
    return fresh.map(started)
  }

  /** The server sends a result twice: as a message, and in the state. */
  end({ callId, content, failed, name }: ToolMessage): ReadonlyArray<ValidDraft> {
    if (callId === undefined || this.#ended.has(callId)) return []
    this.#ended.add(callId)
    const toolName = name ?? this.#open.get(callId)?.name ?? "unknown"
    this.#open.delete(callId)
    // The error of a failed tool may contain hosts, keys or SQL.
    const outcome = failed
      ? ({ result: null, success: false, error: "The tool failed." } as const)
      : { result: content, success: true }
    return [draft({ type: "tool_result", data: { toolName, ...outcome }, metadata: { callId } })]
  }
}

const ofIndex = (building: ReadonlyArray<Building>, index: number): Building | undefined =>
  building.find((call) => call.index === index)

/** Without indexes, a part with an id of its own begins a call. */
const lastOf = (building: ReadonlyArray<Building>, { id }: CallChunk): Building | undefined => {
  const last = building.at(-1)
  return id === undefined || last?.id === undefined || last.id === id ? last : undefined
}
