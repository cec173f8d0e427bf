/**
 * The commit gate of one attempt: the content shown and the calls started, and therefore the allowed steps after a
 * failure. Pure. Plans and thinking may be shown before the commit. The first part of an answer is the commit. After
 * a tool, skill or MCP call has started, the turn never silently runs again.
 */
import type { Draft } from "../protocol/agent2ui/Message.ts"
import { isCall, isContent, isResult } from "../protocol/agent2ui/MessageRole.ts"

export interface Gate {
  /** Text or markdown was shown. It can be retracted. */
  readonly text: boolean
  /** Another part of an answer was shown. It cannot be retracted. */
  readonly other: boolean
  /** A tool, skill or MCP call has started. */
  readonly called: boolean
  /** The position: the plan step and the call that started last. */
  readonly stepId: string | undefined
  readonly callId: string | undefined
}

export const untouched: Gate = {
  text: false,
  other: false,
  called: false,
  stepId: undefined,
  callId: undefined,
}

/** The gate after `draft`. The same object if nothing changed, as for every text after the first. */
export const pass = (gate: Gate, draft: Draft): Gate => {
  if (draft.type === "text" || draft.type === "markdown") return gate.text ? gate : { ...gate, text: true }
  if (isContent(draft.type)) return gate.other ? gate : { ...gate, other: true }
  if (isCall(draft.type)) {
    return {
      ...gate,
      called: true,
      callId: draft.metadata?.callId,
      stepId: draft.metadata?.stepId ?? gate.stepId,
    }
  }
  // A result without its call still proves the call.
  if (isResult(draft.type)) return gate.called ? gate : { ...gate, called: true }
  if (draft.type === "plan_step" && draft.data.status === "running")
    return { ...gate, stepId: draft.data.stepId }
  return gate
}

export type Disposition = "next" | "retract" | "fail"

/** The step after a failure that allows another attempt. `mayRetract` is the configured policy. */
export const afterFailure = (gate: Gate, mayRetract: boolean): Disposition => {
  if (gate.called || gate.other) return "fail"
  if (gate.text) return mayRetract ? "retract" : "fail"
  return "next"
}
