/** A message as its session shows it: with the parts of an answer, and the facts of the run that made it. */
import type { Attachment } from "../domain/Attachment.ts"
import type { RunId } from "../domain/Ids.ts"
import { eventId } from "../domain/EventId.ts"
import type { Run, RunError } from "../domain/Run.ts"
import type { ChatMessage } from "../domain/Session.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"

/**
 * The fields of an answer are null on a user's message. The mode and the model are those of the last attempt, also of a turn
 * that failed. An answer from before parts were stored has its text as the one part.
 */
export interface ShownMessage extends ChatMessage {
  readonly status: Run["status"] | null
  readonly model: string | null
  readonly finishReason: Run["finishReason"]
  readonly error: RunError | null
  readonly parts: ReadonlyArray<Message>
  readonly attachments: ReadonlyArray<Attachment>
}

/** A message as its row has it: `parts` is null if none are stored. */
export interface StoredMessage extends ChatMessage {
  readonly parts: ReadonlyArray<Message> | null
  readonly attachments: ReadonlyArray<Attachment>
}

/** The facts of an answer's run. */
export interface Answered extends Pick<ShownMessage, "model" | "finishReason" | "error" | "executionMode"> {
  readonly runId: RunId
  readonly status: Run["status"]
}

/** An answer from before parts were stored has only its text. */
export const partsOf = ({ content, createdAt, parts, runId }: StoredMessage): ReadonlyArray<Message> => {
  if (parts !== null || content === "") return parts ?? []
  const timestamp = new Date(createdAt).toISOString()
  return [{ id: eventId(runId, 1), type: "text", data: { content }, timestamp }]
}

const ofUser = { status: null, model: null, finishReason: null, error: null, parts: [] }

/** `runs`: those of the messages. */
export const shownOf = (message: StoredMessage, runs: ReadonlyMap<RunId, Answered>): ShownMessage => {
  if (message.role === "user") return { ...message, ...ofUser }
  const run = runs.get(message.runId)
  return {
    ...message,
    executionMode: message.executionMode ?? run?.executionMode ?? null,
    status: run?.status ?? null,
    model: run?.model ?? null,
    finishReason: run?.finishReason ?? null,
    error: run?.error ?? null,
    parts: partsOf(message),
  }
}
