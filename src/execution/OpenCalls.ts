/**
 * The tool, skill and MCP calls of an attempt that have started and not ended. Pure.
 *
 * A call is open from its `*_call` with status `calling` until its `*_result`, or until the same call comes again with its
 * final status. Answer text closes nothing: a sub-agent writes while its own call is open.
 */
import { type Draft, isCall, isResult } from "../agent2ui/Message.ts"

/** The id of each open call, oldest first; undefined for a call without one. */
export type OpenCalls = ReadonlyArray<string | undefined>

export const none: OpenCalls = []

/** Without an id it is the oldest call. A call that has no id of its own may be the one whose id is not known here. */
const placeOf = (open: OpenCalls, callId: string | undefined): number => {
  if (callId === undefined) return 0
  const own = open.indexOf(callId)
  return own === -1 ? open.indexOf(undefined) : own
}

const close = (open: OpenCalls, callId: string | undefined): OpenCalls => {
  const place = placeOf(open, callId)
  return place === -1 || open.length === 0 ? open : open.toSpliced(place, 1)
}

/** The open calls after `draft`; the same array when nothing changed, as with every part of an answer. */
export const after = (open: OpenCalls, draft: Draft): OpenCalls => {
  const callId = draft.metadata?.callId
  if (isResult(draft.type)) return close(open, callId)
  if (!isCall(draft.type)) return open
  const status = "status" in draft.data ? draft.data.status : undefined
  if (status !== "calling") return close(open, callId)
  return callId !== undefined && open.includes(callId) ? open : [...open, callId]
}
