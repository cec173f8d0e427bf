/** The calls of an answer: each with its result, status and duration. Pure. */
import { nameOf } from "../protocol/agent2ui/CallKind.ts"
import { isOfCall } from "../protocol/agent2ui/Pairing.ts"
import type { Message, MessageOf } from "./Contract.ts"

type CallMessage = MessageOf<"tool_call" | "skill_call" | "mcp_call">
type ResultMessage = MessageOf<"tool_result" | "skill_result" | "mcp_result">

export interface Call {
  readonly type: "call"
  readonly key: string
  readonly kind: "tool" | "skill" | "mcp"
  readonly name: string
  /** The MCP server of the call. */
  readonly serverId?: string
  /** The plan step that made the call. */
  readonly stepId?: string
  readonly callId?: string
  /** The call of the sub-agent that made this call. */
  readonly parentCallId?: string
  /** False: only its result came. */
  readonly isCalled: boolean
  readonly arguments: CallMessage["data"]["arguments"]
  /** `unknown`: the run ended without a result, so the call may have had its effect. */
  readonly status: CallMessage["data"]["status"] | "unknown"
  readonly result?: ResultMessage["data"]["result"]
  readonly error?: string
  /** As reported, or else the time between call and result. */
  readonly durationMs?: number
  readonly startedAt: string
}

const kinds = {
  tool_call: "tool",
  tool_result: "tool",
  skill_call: "skill",
  skill_result: "skill",
  mcp_call: "mcp",
  mcp_result: "mcp",
} as const satisfies Record<(CallMessage | ResultMessage)["type"], Call["kind"]>

const isResult = (message: Message): message is ResultMessage => message.type.endsWith("_result")

export const isCall = (message: Message): message is CallMessage | ResultMessage =>
  Object.hasOwn(kinds, message.type)

const elapsed = (from: string, to: string): number | undefined => {
  const ms = Date.parse(to) - Date.parse(from)
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined
}

const ended = (message: CallMessage | ResultMessage, startedAt: string | undefined) => {
  const { duration, error, result } = message.data
  const hasEnded = isResult(message) || message.data.status !== "calling"
  const ms =
    duration ?? (hasEnded && startedAt !== undefined ? elapsed(startedAt, message.timestamp) : undefined)
  return {
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
    ...(ms === undefined ? {} : { durationMs: ms }),
  }
}

/** A result may come before its call. */
const statusOf = (message: CallMessage | ResultMessage, before: Call | undefined): Call["status"] => {
  if (!isResult(message))
    return message.data.status === "calling" && before !== undefined ? before.status : message.data.status
  return message.data.success ? "success" : "error"
}

type Listed = { readonly type: string } | Call

const isOwn = (part: Listed, message: CallMessage | ResultMessage): boolean =>
  part.type === "call" &&
  "kind" in part &&
  isOfCall({ ...part, callId: part.callId, isOpen: part.status === "calling" }, message)

/** The index of the call that the message belongs to; -1 for a new call. Another attempt may use the same ids again. */
export const indexOf = (parts: ReadonlyArray<Listed>, message: CallMessage | ResultMessage): number => {
  const before = parts.findLastIndex(({ type }) => type === "fallback")
  const last = parts.findLastIndex((part, index) => index > before && isOwn(part, message))
  if (message.metadata?.callId !== undefined) return last
  return parts.findIndex((part, index) => index > before && isOwn(part, message)) === last ? last : -1
}

/** The call after a message. `before` is undefined for a new call. */
export const after = (key: string, message: CallMessage | ResultMessage, before: Call | undefined): Call => {
  const { callId, parentCallId, stepId } = message.metadata ?? {}
  return {
    type: "call",
    key,
    kind: kinds[message.type],
    name: nameOf(message),
    ...("serverId" in message.data ? { serverId: message.data.serverId } : {}),
    ...(callId === undefined ? {} : { callId }),
    ...(stepId === undefined ? {} : { stepId }),
    ...(typeof parentCallId === "string" ? { parentCallId } : {}),
    startedAt: message.timestamp,
    arguments: {},
    ...before,
    isCalled: !isResult(message) || before?.isCalled === true,
    ...("arguments" in message.data ? { arguments: message.data.arguments } : {}),
    status: statusOf(message, before),
    ...ended(message, before?.startedAt),
  }
}

/** A call whose attempt has ended. */
export const stopped = (call: Call, failedCalls: ReadonlySet<string>): Call => {
  if (call.status !== "calling") return call
  return { ...call, status: failedCalls.has(call.callId ?? "") ? "error" : "unknown" }
}
