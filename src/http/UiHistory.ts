/**
 * The messages of a session for `useChat`, as it would have built them from the streams. Pure. A message that only
 * answers approvals has no text of the user. It joins the answer that asked for them, and so does the answer that
 * follows.
 */
import * as Interrupts from "../chat/Interrupts.ts"
import type { Attachment } from "../domain/Attachment.ts"
import { parseEventId } from "../domain/EventId.ts"
import { pathOf } from "../files/FileLinks.ts"
import { type UiMessage, UiMessageBuilder } from "../protocol/ai-sdk/UiMessage.ts"
import { chunksOf } from "../protocol/ai-sdk/UiStream.ts"
import type { LogEntry, RunEvent } from "../runs/RunEvent.ts"
import type { ShownMessage } from "../store/ShownMessage.ts"

const endOf = (message: ShownMessage): RunEvent | undefined => {
  const { error, executionMode, finishReason, id, model, runId, sessionId, status, usage } = message
  if (error !== null) return { event: "error", data: error }
  if (status !== "completed" || executionMode === null || usage === null) return undefined
  return {
    event: "done",
    data: {
      sessionId,
      messageId: id,
      runId,
      usage,
      executionMode,
      ...(finishReason === null ? {} : { finishReason }),
      ...(model === null ? {} : { model }),
    },
  }
}

/** The parts are without the retracted content, so there is nothing to take back. */
const entriesOf = (message: ShownMessage): ReadonlyArray<LogEntry> => {
  const entries = message.parts.flatMap((data): ReadonlyArray<LogEntry> =>
    data.type === "retract"
      ? []
      : [{ seq: parseEventId(data.id)?.seq ?? 0, event: { event: "message", data } }],
  )
  const end = endOf(message)
  return end === undefined ? entries : [...entries, { seq: (entries.at(-1)?.seq ?? 0) + 1, event: end }]
}

/** `useChat` has no state for an old error, so the message has it as a part. */
const errorPart = ({ error }: ShownMessage) =>
  error === null ? [] : [{ type: "data-run-error", data: error } as const]

const addAnswer = (builder: UiMessageBuilder, message: ShownMessage, denied: ReadonlyArray<string>): void => {
  const { runId: id, sessionId } = message
  const continued =
    builder.calls.length === 0 ? undefined : { messageId: builder.id, calls: builder.calls, denied }
  for (const chunk of chunksOf({ id, sessionId }, entriesOf(message), continued)) builder.add(chunk)
  for (const part of errorPart(message)) builder.add(part)
}

const isClick = ({ answers, content, role }: ShownMessage): boolean =>
  role === "user" && answers.length > 0 && content === Interrupts.textOf(answers)

/** `useChat` sends the address of a file instead of its bytes, and the gateway finds the file by it. */
const fileOf = ({ fileId, filename, mediaType }: Attachment) => ({
  type: "file",
  mediaType,
  filename,
  url: pathOf(fileId),
})

/** `useChat` has the files before the text, and no text if there is none. */
const questionOf = ({ attachments, content, id }: ShownMessage): UiMessage => ({
  id,
  role: "user",
  parts: [
    ...attachments.map(fileOf),
    ...(content === "" && attachments.length > 0 ? [] : [{ type: "text", text: content }]),
  ],
})

/** A failed answer is over once its question was asked again: another run answers it. */
const withoutRetried = (messages: ReadonlyArray<ShownMessage>): ReadonlyArray<ShownMessage> => {
  const [question, answer] = messages.slice(-2)
  const isRetried = answer?.error != null && question?.role === "user" && question.runId !== answer.runId
  return isRetried ? messages.slice(0, -1) : messages
}

/** `path`: the messages of one path, oldest first. */
export const uiMessagesOf = (path: ReadonlyArray<ShownMessage>): ReadonlyArray<UiMessage> => {
  const messages = withoutRetried(path)
  const shown: Array<UiMessage | UiMessageBuilder> = []
  let denied: ReadonlyArray<string> = []
  for (const [index, message] of messages.entries()) {
    const last = shown.at(-1)
    if (message.role === "assistant") {
      const previous = messages[index - 1]
      const continues = last instanceof UiMessageBuilder && previous !== undefined && isClick(previous)
      const builder = continues ? last : new UiMessageBuilder(message.runId)
      if (!continues) shown.push(builder)
      addAnswer(builder, message, continues ? denied : [])
    } else if (last instanceof UiMessageBuilder && isClick(message)) denied = last.respond(message.answers)
    else shown.push(questionOf(message))
  }
  return shown.map((one) => (one instanceof UiMessageBuilder ? one.message : one))
}
