/**
 * The tool, skill and MCP calls of an attempt that have started and not ended. Pure.
 *
 * A call is open from its `*_call` with status `calling` until its `*_result`, or until the same call comes again with its
 * final status. Answer text closes nothing: a sub-agent writes while its own call is open.
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
 * By its id. Without one it is the oldest call of its name, and none where the upstream told no start of it. A call that has
 * no id of its own may be the one whose id is not known here.
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

/** The open calls after `draft`; the same array when nothing changed, as with every part of an answer. */
export const after = (open: OpenCalls, draft: Draft): OpenCalls => {
  if (isResult(draft.type)) return close(open, callOf(draft))
  if (!isCall(draft.type)) return open
  const call = callOf(draft)
  const status = "status" in draft.data ? draft.data.status : undefined
  if (status !== "calling") return close(open, call)
  const isKnown = call.callId !== undefined && open.some(({ callId }) => callId === call.callId)
  return isKnown ? open : [...open, call]
}
