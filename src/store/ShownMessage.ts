/** A message as its session shows it: with the parts of an answer, and the facts of the run that made it. */
import type { Attachment } from "../domain/Attachment.ts"
import type { RunId } from "../domain/Ids.ts"
import { eventId } from "../domain/EventId.ts"
import type { InterruptAnswer } from "../domain/Interrupt.ts"
import type { Run, RunDone, RunError } from "../domain/Run.ts"
import type { ChatMessage } from "../domain/Session.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"

/**
 * The fields of an answer are null on a user's message. The mode and the model are those of the last attempt, also if
 * the turn failed. Older versions stored no parts; an answer of theirs has one part, its text.
 */
export interface ShownMessage extends ChatMessage {
  readonly status: Run["status"] | null
  readonly model: string | null
  readonly finishReason: Run["finishReason"]
  readonly error: RunError | null
  /** As in `done`; null unless the run is completed. */
  readonly usage: RunDone["usage"] | null
  readonly parts: ReadonlyArray<Message>
  readonly attachments: ReadonlyArray<Attachment>
  /** The answers to interrupts in a user's message. */
  readonly answers: ReadonlyArray<InterruptAnswer>
}

/** A message as its row has it: `parts` is null if none are stored. */
export interface StoredMessage extends ChatMessage {
  readonly parts: ReadonlyArray<Message> | null
  readonly attachments: ReadonlyArray<Attachment>
  readonly answers: ReadonlyArray<InterruptAnswer>
}

/** The facts of an answer's run. */
export interface Answered extends Pick<
  Run,
  "status" | "model" | "finishReason" | "error" | "executionMode" | "usage" | "createdAt" | "endedAt"
> {
  readonly runId: RunId
}

/** Answers of versions that stored no parts have only their text. */
export const partsOf = ({
  content,
  createdAt,
  parts,
  runId,
}: Pick<StoredMessage, "content" | "createdAt" | "parts" | "runId">): ReadonlyArray<Message> => {
  if (parts !== null || content === "") return parts ?? []
  const timestamp = new Date(createdAt).toISOString()
  return [{ id: eventId(runId, 1), type: "text", data: { content }, timestamp }]
}

/** Also for a message whose run is unknown. */
const noAnswer = { status: null, model: null, finishReason: null, error: null, usage: null }

const usageOf = ({ createdAt, endedAt, status, usage }: Answered): ShownMessage["usage"] =>
  status === "completed" && usage !== null
    ? { ...usage, latencyMs: (endedAt ?? createdAt) - createdAt }
    : null

/** `runs`: those of the messages. */
export const shownOf = (message: StoredMessage, runs: ReadonlyMap<RunId, Answered>): ShownMessage => {
  if (message.role === "user") return { ...message, ...noAnswer, parts: [] }
  const run = runs.get(message.runId)
  const parts = partsOf(message)
  if (run === undefined) return { ...message, ...noAnswer, parts }
  const { error, finishReason, model, status } = run
  const executionMode = message.executionMode ?? run.executionMode
  return { ...message, executionMode, status, model, finishReason, error, usage: usageOf(run), parts }
}
