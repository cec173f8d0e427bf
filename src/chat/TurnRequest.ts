/** The requests for a turn, as they reach `Chat`. */
import type { Attachment } from "../domain/Attachment.ts"
import type { PromptMessage } from "../domain/History.ts"
import type { AgentId, MessageId } from "../domain/Ids.ts"
import type { InterruptAnswer } from "../domain/Interrupt.ts"
import type { ExecutionMode } from "../domain/Mode.ts"

/** A message, a retry of the message that has no answer, or answers to the interrupts of the branch. */
export interface Sent {
  readonly message?: string
  readonly attachments?: ReadonlyArray<Attachment>
  /** The previous message; null for none; by default the session's last message. A retry may name the message itself. */
  readonly parentMessageId?: MessageId | null
  readonly retry?: boolean
  /** Without `message`, the answers are the text of the message. */
  readonly answers?: ReadonlyArray<InterruptAnswer>
}

/** The first message of a new session. */
export interface Start {
  readonly agentId: AgentId
  readonly message: string
  readonly attachments?: ReadonlyArray<Attachment>
  /** The history to send to upstreams instead of the stored one. It passes the same rule (`History`) and is not stored. */
  readonly history?: ReadonlyArray<PromptMessage> | undefined
  /** Follows the agent's system prompt in this turn. */
  readonly instructions?: string | undefined
  /** An id that the client chose for the session; `Sessions.ofClient` finds it. */
  readonly clientId?: string | undefined
}

/** Another answer to a question. */
export interface Regenerated {
  /** The mode to start in; by default the usual rules decide. */
  readonly mode?: ExecutionMode | undefined
}

/** A message that takes the place of an earlier one on a new branch. */
export interface Edited {
  readonly message: string
  /** By default the attachments of the earlier message. */
  readonly attachments?: ReadonlyArray<Attachment> | undefined
}
