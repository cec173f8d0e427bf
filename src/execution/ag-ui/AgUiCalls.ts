/**
 * The tool calls of one answer, from pieces of arguments to a `tool_call` and its `tool_result`. Plain code, one per
 * response.
 *
 * A call is shown once its arguments are complete: some servers run the tool before they send `TOOL_CALL_END`. LangGraph
 * loses the first piece of some models' arguments, but its snapshot at the end of the step has them all, so such a call
 * waits for the next event. A result waits for the next event too: pydantic-ai and LangGraph report a failed tool there.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { draft, type Metadata, type ValidDraft } from "../../protocol/agent2ui/Message.ts"
import { parse } from "../runtime/RuntimeJson.ts"
import type { Content } from "./AgUiWire.ts"
import { JsonObjectEnd } from "./JsonObjectEnd.ts"
import { isRecord } from "./JsonPatch.ts"

export interface Call {
  readonly id: string
  readonly name: string
  readonly metadata: Metadata
  readonly end: JsonObjectEnd
  args: string
  shown: boolean
  /** The call's result has arrived. */
  hasResult: boolean
  /** The answer continued after the call, so nothing waits for a result. */
  passed: boolean
}

interface Result {
  readonly messageId: string
  readonly callId: string
  readonly content: Content
  readonly metadata: Metadata
}

/** A record as it is; other JSON gets the name `value`, because Agent2UI requires named arguments. */
export const argumentsOf = (args: string): { readonly [name: string]: Schema.Json } => {
  if (args.trim() === "") return {}
  const json = Option.getOrUndefined(jsonOf(args))
  return isRecord(json) ? json : { value: json ?? args }
}

const decodeJson = Schema.decodeUnknownOption(Schema.Json)
const parsed = Option.liftThrowable(parse)

export const jsonOf = (text: string): Option.Option<Schema.Json> => Option.flatMap(parsed(text), decodeJson)

const isComplete = (args: string): boolean => isRecord(Option.getOrUndefined(jsonOf(args)))

export const textOf = (content: Content): string =>
  typeof content === "string"
    ? content
    : content.map((part) => (part.type === "text" ? part.text : "")).join("")

/** Tools return objects and lists as text. */
const resultOf = (content: Content): Schema.Json => {
  const text = textOf(content)
  return /^\s*[[{]/.test(text) ? Option.getOrElse(jsonOf(text), () => text) : text
}

/** Arguments are held until they are complete. */
const mostCharacters = 16 * 1024 * 1024

const failure = { result: null, success: false, error: "The tool failed." } as const

export class AgUiCalls {
  readonly #calls = new Map<string, Call>()
  /** Calls whose arguments are not complete JSON, oldest first. */
  #held: Array<Call> = []
  /** The size of the arguments so far. */
  #characters = 0
  #result: Result | undefined
  #out: Array<ValidDraft> = []
  /** Names of calls in earlier answers: a resumed run sends their results without a start. */
  readonly #past: ReadonlyMap<string, string>

  constructor(past: ReadonlyMap<string, string>) {
    this.#past = past
  }

  get(id: string): Call | undefined {
    return this.#calls.get(id)
  }

  isKnown(id: string): boolean {
    return this.#calls.has(id) || this.#past.has(id)
  }

  /** Calls without a result after which the answer did not continue. */
  get waiting(): ReadonlyArray<Call> {
    return [...this.#calls.values()].filter(({ hasResult, passed }) => !hasResult && !passed)
  }

  start(id: string, name: string, metadata: Metadata): void {
    if (this.#calls.has(id)) return
    const own = { ...metadata, callId: id }
    this.#calls.set(id, {
      id,
      name,
      metadata: own,
      end: new JsonObjectEnd(),
      args: "",
      shown: false,
      hasResult: false,
      passed: false,
    })
  }

  /** False if the arguments of all calls are too large. */
  addArguments(id: string, delta: string): boolean {
    const call = this.#calls.get(id)
    if (call === undefined) return true
    this.#characters += delta.length
    if (this.#characters > mostCharacters) {
      call.args = ""
      return false
    }
    call.args += delta
    if (call.end.add(delta) && isComplete(call.args)) this.#show(call)
    return true
  }

  /** `mayRepair`: a snapshot with the whole arguments is to be expected. */
  end(id: string, mayRepair: boolean): void {
    const call = this.#calls.get(id)
    if (call === undefined || call.shown) return
    if (mayRepair && !isComplete(call.args)) this.#held.push(call)
    else this.#show(call)
  }

  /** Whole arguments from a snapshot. */
  repair(id: string, args: string): void {
    const call = this.#calls.get(id)
    if (call !== undefined && !call.shown && isComplete(args)) call.args = args
  }

  result(result: Result): void {
    const call = this.#calls.get(result.callId)
    if (call?.hasResult === true) return
    if (call !== undefined) {
      this.#show(call)
      call.hasResult = true
    }
    this.#result = result
  }

  /** The call failed. Nothing changes if its result is shown already. */
  failed(callId: string): void {
    if (this.#result?.callId === callId) return this.settle(false)
    if (this.#calls.get(callId)?.hasResult !== false) return
    this.settle(true)
    this.result({ messageId: "", callId, content: "", metadata: {} })
    this.settle(false)
  }

  /** Stands for a call that cannot be read, unless the answer has a call already. */
  unreadable(): void {
    if (this.#calls.size > 0) return
    this.start("unreadable", "unknown", {})
    this.failed("unreadable")
  }

  get pendingResult(): Pick<Result, "callId" | "messageId"> | undefined {
    return this.#result
  }

  /** Shows the result that waits. */
  settle(success: boolean): void {
    const result = this.#result
    if (result === undefined) return
    this.#result = undefined
    const call = this.#calls.get(result.callId)
    const toolName = call?.name ?? this.#past.get(result.callId) ?? "unknown"
    const data = success ? { result: resultOf(result.content), success } : failure
    const metadata = call?.metadata ?? { ...result.metadata, callId: result.callId }
    this.#out.push(draft({ type: "tool_result", data: { toolName, ...data }, metadata }))
  }

  /** Shows the calls that waited for whole arguments. */
  release(): void {
    const held = this.#held
    if (held.length === 0) return
    this.#held = []
    for (const call of held) this.#show(call)
  }

  /** Text of the answer arrived. */
  pass(): void {
    for (const call of this.#calls.values()) call.passed = true
  }

  /** At an end of any kind: shows all calls, because a tool may have run. */
  flush(): void {
    this.#held = []
    for (const call of this.#calls.values()) this.#show(call)
    this.settle(true)
  }

  take(): ReadonlyArray<ValidDraft> {
    const out = this.#out
    if (out.length > 0) this.#out = []
    return out
  }

  #show(call: Call): void {
    if (call.shown) return
    call.shown = true
    const data = { toolName: call.name, arguments: argumentsOf(call.args), status: "calling" } as const
    this.#out.push(draft({ type: "tool_call", data, metadata: call.metadata }))
  }
}
