/**
 * The tool, skill and MCP calls of an attempt that have started and not ended. Pure.
 *
 * A call is open from its `*_call` with status `calling` until its `*_result`, or until the same call arrives again
 * with its final status. Answer text closes no call: a sub-agent writes while its own call is open.
 */
import type { Draft } from "../protocol/agent2ui/Message.ts"
import { isCall, isResult } from "../protocol/agent2ui/MessageRole.ts"

interface OpenCall {
  readonly callId: string | undefined
  readonly stepId: string | undefined
  /** Its kind and name, such as `tool search`. */
  readonly name: string
}

/** Oldest first. */
export type OpenCalls = ReadonlyArray<OpenCall>

export const none: OpenCalls = []

const callOf = ({ data, metadata, type }: Draft): OpenCall => {
  const name = "toolName" in data ? data.toolName : "skillName" in data ? data.skillName : ""
  const kind = type.slice(0, type.indexOf("_"))
  return { callId: metadata?.callId, stepId: metadata?.stepId, name: `${kind} ${name}` }
}

/**
 * Finds a call by its id. Without an id it is the oldest call with its name, or none if the upstream did not report
 * the start. An open call without an id may be the one with an unknown id.
 */
const placeOf = (open: OpenCalls, { callId, name }: OpenCall): number => {
  if (callId === undefined) return open.findIndex((call) => call.name === name)
  const own = open.findIndex((call) => call.callId === callId)
  return own === -1 ? open.findIndex((call) => call.callId === undefined) : own
}

const close = (open: OpenCalls, call: OpenCall): OpenCalls => {
  const place = placeOf(open, call)
  return place === -1 ? open : open.toSpliced(place, 1)
}

/** The open calls after `draft`. The same array if nothing changed, as for every part of an answer. */
export const after = (open: OpenCalls, draft: Draft): OpenCalls => {
  if (isResult(draft.type)) return close(open, callOf(draft))
  if (!isCall(draft.type)) return open
  const call = callOf(draft)
  const status = "status" in draft.data ? draft.data.status : undefined
  if (status !== "calling") return close(open, call)
  const isKnown = call.callId !== undefined && open.some(({ callId }) => callId === call.callId)
  return isKnown ? open : [...open, call]
}
