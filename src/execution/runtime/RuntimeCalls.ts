/**
 * Matches results with calls. Pure. The runtime's wire has no call ids, and plan steps run in parallel. After a
 * call's result the runtime ends the step that made the call. If several open calls match a result, the result waits
 * for that event; if its call stays uncertain, it gets no `callId`.
 */
import * as Predicate from "effect/Predicate"
import { isSubAgentSkill } from "../../domain/SubAgentSkill.ts"
import type * as Schema from "effect/Schema"
import { draft, type Draft, type Metadata, type ValidDraft } from "../../protocol/agent2ui/Message.ts"
import type { RuntimeEvent } from "./RuntimeWire.ts"

type Call = Extract<RuntimeEvent, { readonly event: `${string}_call_${string}` }>
type CallStart = Extract<Call, { readonly event: `${string}_start` }>
type CallComplete = Extract<Call, { readonly event: `${string}_complete` }>

interface OpenCall {
  readonly key: string
  readonly callId: string
  readonly stepId: string | undefined
  /** A sub-agent is running, so text belongs to it and not to the answer. */
  readonly subAgent: boolean
}

export interface Calls {
  readonly count: number
  /** Calls without a result, oldest first. */
  readonly open: ReadonlyArray<OpenCall>
  /** The call of the running sub-agent. */
  readonly subAgent: string | undefined
  /** A result that matches several open calls. */
  readonly waiting: CallComplete | undefined
}

export const none: Calls = { count: 0, open: [], subAgent: undefined, waiting: undefined }

/** The calls after an event, and the draft for it. */
export interface Step {
  readonly calls: Calls
  readonly draft: ValidDraft | undefined
}

/** Removes absent and null fields of the runtime, because the protocol's optional fields are absent, never null. */
export const present = <A extends Record<string, unknown>>(fields: A) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as {
    readonly [K in keyof A]?: NonNullable<A[K]>
  }

const nowhere = {}

/** The metadata with the step and the call of a message. */
export const metadataOf = (stepId: string | undefined, callId?: string): { readonly metadata?: Metadata } =>
  callId === undefined && stepId === undefined ? nowhere : { metadata: present({ callId, stepId }) }

const keyOf = ({ data, event }: Call): string =>
  `${event.split("_")[0]}:${"server_id" in data ? data.server_id : ""}:${"skill_id" in data ? data.skill_id : data.tool_name}`

const isSubAgent = ({ data }: Call): boolean => "skill_id" in data && isSubAgentSkill(data.skill_name)

const toolOf = ({ tool_name: toolName }: { readonly tool_name: string }) => ({ toolName })
const skillOf = (data: { readonly skill_id: string; readonly skill_name: string }) => ({
  skillId: data.skill_id,
  skillName: data.skill_name,
})
const mcpOf = (data: { readonly server_id: string; readonly tool_name: string }) => ({
  serverId: data.server_id,
  toolName: data.tool_name,
})

const isRecord = (json: Schema.Json): json is { readonly [name: string]: Schema.Json } =>
  Predicate.isReadonlyObject(json) && !Array.isArray(json)

/** Agent2UI requires named arguments; a single value without a name becomes `value`. */
const argumentsOf = (args: Schema.Json) => (isRecord(args) ? args : { value: args })

const withOpen = (calls: Calls, open: ReadonlyArray<OpenCall>): Calls =>
  open.length === calls.open.length
    ? calls
    : { ...calls, open, subAgent: open.findLast((call) => call.subAgent)?.callId }

const without = (calls: Calls, drop: (call: OpenCall) => boolean): Calls =>
  withOpen(
    calls,
    calls.open.filter((call) => !drop(call)),
  )

export const started = (calls: Calls, event: CallStart, stepId: string | undefined): Step => {
  const count = calls.count + 1
  const callId = `call-${count}`
  const call = { key: keyOf(event), callId, stepId, subAgent: isSubAgent(event) }
  return {
    calls: withOpen({ ...calls, count }, [...calls.open, call]),
    draft: draft({
      ...callOf(event),
      metadata: present({ callId, stepId, parentCallId: calls.subAgent }),
    }),
  }
}

const callOf = (event: CallStart): Draft => {
  const call = { arguments: argumentsOf(event.data.arguments ?? {}), status: "calling" as const }
  switch (event.event) {
    case "tool_call_start":
      return { type: "tool_call", data: { ...toolOf(event.data), ...call } }
    case "skill_call_start":
      return { type: "skill_call", data: { ...skillOf(event.data), ...call } }
    case "mcp_call_start":
      return { type: "mcp_call", data: { ...mcpOf(event.data), ...call } }
  }
}

/** The error of a failed call may contain hosts, keys or SQL, so users get `error`, a sentence of the gateway's. */
const outcomeOf = ({ duration, result, success }: CallComplete["data"], error: string) => ({
  ...(success ? { result: result ?? null, success } : { result: null, success, error }),
  ...present({ duration }),
})

const resultOf = (event: CallComplete): Draft => {
  const { data } = event
  switch (event.event) {
    case "tool_call_complete":
      return { type: "tool_result", data: { ...toolOf(event.data), ...outcomeOf(data, "The tool failed.") } }
    case "skill_call_complete":
      return {
        type: "skill_result",
        data: { ...skillOf(event.data), ...outcomeOf(data, "The skill failed.") },
      }
    case "mcp_call_complete":
      return {
        type: "mcp_result",
        data: { ...mcpOf(event.data), ...outcomeOf(data, "The MCP tool failed.") },
      }
  }
}

/** The result of `call`; undefined if the call is not certain. */
const pairedResult = (event: CallComplete, call: OpenCall | undefined): ValidDraft =>
  draft({ ...resultOf(event), ...metadataOf(call?.stepId, call?.callId) })

export const completed = (calls: Calls, event: CallComplete): Step => {
  const key = keyOf(event)
  const candidates = calls.open.filter((call) => call.key === key)
  if (candidates.length > 1) return { calls: { ...calls, waiting: event }, draft: undefined }
  const [own] = candidates
  return { calls: without(calls, (call) => call === own), draft: pairedResult(event, own) }
}

/** Sends the waiting result after the step `endedStep` ended, or after another event (undefined). */
export const pairResult = (calls: Calls, waiting: CallComplete, endedStep: string | undefined): Step => {
  const key = keyOf(waiting)
  const candidates =
    endedStep === undefined ? [] : calls.open.filter((call) => call.key === key && call.stepId === endedStep)
  const own = candidates.length === 1 ? candidates[0] : undefined
  const rest = without({ ...calls, waiting: undefined }, (call) => call === own)
  return { calls: rest, draft: pairedResult(waiting, own) }
}

/** The result that still waits at the end. */
export const pendingResult = ({ waiting }: Calls): ValidDraft | undefined =>
  waiting === undefined ? undefined : pairedResult(waiting, undefined)

/**
 * A step that starts again has lost its first calls: a call that ends by an exception has no result. The running
 * sub-agent may have a step with the same name.
 */
export const stepStarted = (calls: Calls, stepId: string): Calls =>
  without(calls, (call) => call.stepId === stepId && !call.subAgent)

/** The runtime plans only while no call is open, except the call of the sub-agent that plans. */
export const planned = (calls: Calls): Calls => without(calls, (call) => !call.subAgent)

/** Stands for an unreadable event that may have been a call, so that the turn does not run again. */
export const unreadable = (calls: Calls): Step => {
  if (calls.count > 0) return { calls, draft: undefined }
  const data = {
    toolName: "unknown",
    arguments: {},
    status: "error",
    error: "The call could not be read.",
  } as const
  return {
    calls: { ...calls, count: 1 },
    draft: draft({ type: "tool_call", data, metadata: { callId: "call-1" } }),
  }
}
