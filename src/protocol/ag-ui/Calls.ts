/**
 * The calls of a run. A call's arguments are complete when it starts, so its three events are written together. Calls need ids
 * that are unique in the thread: the run's id goes before the call's own id. A result without a call gets the call first, because
 * clients show a result only with its call. The call of a sub-agent is also the sub-agent's run.
 */
import { isSubAgentSkill, subAgentName } from "../../domain/SubAgentSkill.ts"
import { type Call, kindOf, nameOf, type Result } from "../agent2ui/CallKind.ts"
import type { Message } from "../agent2ui/Message.ts"
import type { Event, ToolCallResult, ToolCallStart } from "./Event.ts"

type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>

/** A call that the client shows from the interrupted run, and that this run continues. */
export interface EarlierCall {
  readonly toolCallId: string
  readonly name: string
}

interface Shown extends EarlierCall {
  readonly isSubagent: boolean
  answered: boolean
}

const contentOf = (success: boolean, { error, result }: Result["data"] | Call["data"]): string => {
  if (success) return typeof result === "string" ? result : JSON.stringify(result ?? null)
  const more = result === undefined || result === null ? {} : { result }
  return JSON.stringify({ error: error ?? "The call failed.", ...more })
}

export class Calls {
  readonly #runId: string
  readonly #earlier: ReadonlyMap<string, EarlierCall>
  readonly #shown = new Map<string, Shown>()
  /** The ids that the run has used. */
  readonly #used = new Set<string>()

  constructor(runId: string, earlier: ReadonlyMap<string, EarlierCall>) {
    this.#runId = runId
    this.#earlier = earlier
  }

  call(call: Call, seq: number): ReadonlyArray<Event> {
    const { arguments: input, status } = call.data
    if (status === "calling") return this.#start(call, input, seq)
    const known = this.#find(call)
    const started = known === undefined ? this.#start(call, input, seq) : []
    const shown = known ?? this.#find(call)
    return shown === undefined
      ? started
      : [...started, ...this.#answer(shown, call, status === "success", seq)]
  }

  result(result: Result, seq: number): ReadonlyArray<Event> {
    const known = this.#find(result)
    const started = known === undefined ? this.#start(result, {}, seq) : []
    const shown = known ?? this.#find(result)
    return shown === undefined
      ? started
      : [...started, ...this.#answer(shown, result, result.data.success, seq)]
  }

  /** The call that an interrupt waits for, and its id. Shows the call if the run has not shown it. */
  waiting(
    { data, metadata }: Of<"interrupt">,
    seq: number,
  ): {
    readonly events: ReadonlyArray<Event>
    readonly toolCallId: string | undefined
  } {
    const callId = metadata?.callId
    const known = callId === undefined ? undefined : (this.#shown.get(callId) ?? this.#earlier.get(callId))
    if (known !== undefined || callId === undefined || data.toolName === undefined)
      return { events: [], toolCallId: known?.toolCallId }
    const call = { toolName: data.toolName, arguments: data.arguments ?? {}, status: "calling" as const }
    const message = { id: "", timestamp: "", type: "tool_call" as const, data: call, metadata: { callId } }
    return {
      events: this.#start(message, call.arguments, seq),
      toolCallId: this.#shown.get(callId)?.toolCallId,
    }
  }

  /** The sub-agent's run to which the messages of a call belong. */
  subagentOf(callId: string | undefined): string | undefined {
    const shown = callId === undefined ? undefined : this.#shown.get(callId)
    return shown?.isSubagent === true ? shown.toolCallId : undefined
  }

  /** Clients execute a call without a result themselves, so each open call gets one. */
  close(): ReadonlyArray<Event> {
    return this.#open().flatMap((shown) => notReported(shown))
  }

  /** The calls of an interrupted run stay open, because the next run continues them. */
  suspend(): ReadonlyArray<Event> {
    return this.#open().flatMap((shown) => subagentEnd(shown, { outcome: { type: "suspended" } }))
  }

  #open(): ReadonlyArray<Shown> {
    return [...this.#shown.values()].filter(({ answered }) => !answered)
  }

  #start(call: Call | Result, input: Call["data"]["arguments"], seq: number): ReadonlyArray<Event> {
    const callId = call.metadata?.callId ?? String(seq)
    const earlier = this.#earlier.get(callId)
    const isContinued = earlier !== undefined && !this.#used.has(earlier.toolCallId)
    const toolCallId = isContinued ? earlier.toolCallId : this.#newId(callId, seq)
    const toolCallName = isContinued ? earlier.name : nameOf(call)
    const isSubagent = isSubAgentSkill(nameOf(call))
    const replaced = this.#shown.get(callId)
    this.#used.add(toolCallId)
    this.#shown.set(callId, { toolCallId, name: nameOf(call), isSubagent, answered: false })
    const start: ToolCallStart = {
      type: "TOOL_CALL_START",
      toolCallId,
      toolCallName,
      metadata: { agent2ui: kindOf(call) },
    }
    return [
      ...(replaced === undefined || replaced.answered ? [] : notReported(replaced)),
      start,
      // The client has the arguments of an earlier call, and would append these to them.
      ...(isContinued ? [] : [{ type: "TOOL_CALL_ARGS" as const, toolCallId, delta: JSON.stringify(input) }]),
      { type: "TOOL_CALL_END", toolCallId },
      ...(isSubagent ? [subagentStart(toolCallId, nameOf(call))] : []),
    ]
  }

  #newId(callId: string, seq: number): string {
    const id = `${this.#runId}/${callId}`
    return this.#used.has(id) ? `${id}:${seq}` : id
  }

  #answer(shown: Shown, { data }: Call | Result, success: boolean, seq: number): ReadonlyArray<Event> {
    if (shown.answered) return []
    shown.answered = true
    const { duration, error } = data
    const own = {
      success,
      ...(error === undefined ? {} : { error }),
      ...(duration === undefined ? {} : { duration }),
    }
    return [
      resultOf(shown, `${this.#runId}:${seq}`, contentOf(success, data), own),
      ...subagentEnd(shown, success ? {} : { error: error ?? "The sub-agent failed." }),
    ]
  }

  /** By `callId`; a call or result without one is matched by its name. */
  #find(message: Call | Result): Shown | undefined {
    const callId = message.metadata?.callId
    if (callId !== undefined) return this.#shown.get(callId)
    const name = nameOf(message)
    return [...this.#shown.values()].find((shown) => shown.name === name && !shown.answered)
  }
}

const subagentStart = (toolCallId: string, name: string): Event => ({
  type: "SUBAGENT_STARTED",
  subagentRunId: toolCallId,
  name: subAgentName(name),
  parentToolCallId: toolCallId,
})

const subagentEnd = (
  { isSubagent, toolCallId }: Shown,
  { error, outcome }: { readonly error?: string; readonly outcome?: { readonly type: "suspended" } },
): ReadonlyArray<Event> => {
  if (!isSubagent) return []
  return error === undefined
    ? [
        {
          type: "SUBAGENT_FINISHED",
          subagentRunId: toolCallId,
          ...(outcome === undefined ? {} : { outcome }),
        },
      ]
    : [{ type: "SUBAGENT_ERROR", subagentRunId: toolCallId, message: error }]
}

const resultOf = (
  { toolCallId }: Shown,
  messageId: string,
  content: string,
  agent2ui: object,
): ToolCallResult => ({
  type: "TOOL_CALL_RESULT",
  messageId,
  toolCallId,
  content,
  role: "tool",
  metadata: { agent2ui },
})

const notReported = (shown: Shown): ReadonlyArray<Event> => {
  const error = "The agent reported no result."
  shown.answered = true
  return [
    resultOf(shown, `${shown.toolCallId}/result`, JSON.stringify({ error }), { success: false, error }),
    ...subagentEnd(shown, { error }),
  ]
}
