/** A message as its session shows it: with the parts of an answer, and the facts of the run that made it. */
import type { Attachment } from "../domain/Attachment.ts"
import type { Run, RunError } from "../domain/Run.ts"
import type { ChatMessage } from "../domain/Session.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"

/** The fields of an answer are null on a user's message. */
export interface ShownMessage extends ChatMessage {
  readonly status: Run["status"] | null
  readonly model: string | null
  readonly finishReason: Run["finishReason"]
  readonly error: RunError | null
  readonly parts: ReadonlyArray<Message>
  readonly attachments: ReadonlyArray<Attachment>
}
