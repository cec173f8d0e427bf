/**
 * The commit gate of one attempt: what it has already shown or set going, and what may therefore be done when it fails.
 * Pure. Plans and thinking may be shown before the commit; the first part of an answer is the commit; once a tool,
 * skill or MCP call has started, the turn is never silently run again.
 */
import type { Draft } from "../protocol/agent2ui/Message.ts"
import { isCall, isContent, isResult } from "../protocol/agent2ui/MessageRole.ts"

export interface Gate {
  /** Text or markdown has been shown: it can be taken back. */
  readonly text: boolean
  /** Another part of an answer has been shown: it cannot. */
  readonly other: boolean
  /** A tool, skill or MCP call has started. */
  readonly called: boolean
  /** The place reached: the plan step and the call that were begun last. */
  readonly stepId: string | undefined
  readonly callId: string | undefined
}

export const closed: Gate = {
  text: false,
  other: false,
  called: false,
  stepId: undefined,
  callId: undefined,
}

/** The gate after `draft`; the same object when nothing changed, as with every text after the first. */
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
  // A result without its call: the call was made all the same.
  if (isResult(draft.type)) return gate.called ? gate : { ...gate, called: true }
  if (draft.type === "plan_step" && draft.data.status === "running")
    return { ...gate, stepId: draft.data.stepId }
  return gate
}

export type Disposition = "next" | "retract" | "fail"

/** The step after a failure that in itself allows another attempt. `mayRetract` is the policy's word. */
export const afterFailure = (gate: Gate, mayRetract: boolean): Disposition => {
  if (gate.called || gate.other) return "fail"
  if (gate.text) return mayRetract ? "retract" : "fail"
  return "next"
}
