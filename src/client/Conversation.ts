/**
 * A conversation, ready to be shown, from the events of its runs. Pure. An event that a conversation has already changes
 * nothing, so a run may be read again from any event.
 */
import type { ChatEvent, Feedback, MessageOf, RunDone, RunError, Session, UploadedFile } from "./Contract.ts"
import * as Parts from "./Parts.ts"

/** A message of the user. */
export interface Question {
  readonly role: "user"
  readonly key: string
  /** Empty if the message has files alone. */
  readonly content: string
  readonly attachments: ReadonlyArray<UploadedFile>
  /** The gateway did not accept it: no run answers it. */
  readonly refused: boolean
  /** The id of the stored message, if the conversation was loaded. */
  readonly messageId?: string
  /** The ids of the versions of the question, its own included, oldest first. */
  readonly siblings?: ReadonlyArray<string>
}

/** The answer of one run. */
export interface Answer {
  readonly role: "assistant"
  readonly key: string
  readonly runId: string
  /** The last event that the answer has. */
  readonly seq: number
  readonly status: "running" | "completed" | "failed" | "cancelled"
  readonly parts: ReadonlyArray<Parts.Part>
  /** The mode that was decided, then the mode that answered. */
  readonly executionMode?: string
  /** The end of a run that failed. `stepId` and `callId` name the place. */
  readonly error?: RunError
  readonly usage?: RunDone["usage"]
  readonly model?: string
  readonly finishReason?: RunDone["finishReason"]
  /** The id of the stored message, once the run is completed. */
  readonly messageId?: string
  /** The ids of the answers to the same question, its own included, oldest first. */
  readonly siblings?: ReadonlyArray<string>
  /** The user's, as it was when the session was loaded. */
  readonly feedback?: Feedback
  /** True if the answer was loaded with its session. The run's events replace it. */
  readonly stored: boolean
}

export type ConversationMessage = Question | Answer

export interface Conversation {
  /** Undefined before the first run has begun. */
  readonly sessionId: string | undefined
  readonly messages: ReadonlyArray<ConversationMessage>
}

export const emptyConversation: Conversation = { sessionId: undefined, messages: [] }

/** Adds the user's message before its run begins. */
export const ask = (
  conversation: Conversation,
  key: string,
  content: string,
  attachments: ReadonlyArray<UploadedFile> = [],
): Conversation => ({
  ...conversation,
  messages: [...conversation.messages, { role: "user", key, content, attachments, refused: false }],
})

/** The fields of a request with the message. One of files alone has no text. */
export const bodyOf = (message: string, attachments: ReadonlyArray<UploadedFile> | undefined) => ({
  ...(message === "" ? {} : { message }),
  ...(attachments === undefined ? {} : { attachments: attachments.map(({ fileId }) => ({ fileId })) }),
})

type Interrupt = MessageOf<"interrupt">["data"]

/** The interrupts that wait for an answer: those of the last message, if it is an answer that ended with them. */
export const pendingInterrupts = ({ messages }: Conversation): ReadonlyArray<Interrupt> => {
  const last = messages.at(-1)
  if (last?.role !== "assistant" || last.status !== "completed") return []
  return last.parts.flatMap((part) => (part.type === "interrupt" ? [part.data] : []))
}

/** Marks the last message if it is the user's: its request was refused. */
export const refuse = (conversation: Conversation): Conversation => changeLast(conversation, true)

/** The last message is sent again. */
export const askAgain = (conversation: Conversation): Conversation => {
  const { messages } = conversation
  if (messages.at(-1)?.role === "user") return changeLast(conversation, false)
  return { ...conversation, messages: messages.slice(0, -1) }
}

const changeLast = (conversation: Conversation, refused: boolean): Conversation => {
  const last = conversation.messages.at(-1)
  if (last?.role !== "user") return conversation
  return { ...conversation, messages: [...conversation.messages.slice(0, -1), { ...last, refused }] }
}

type StoredMessage = Session["messages"][number]

/** A page without a path has no siblings. */
const siblingsOf = ({ siblings }: StoredMessage) => (siblings === undefined ? {} : { siblings })

const storedQuestion = (message: StoredMessage): Question => ({
  role: "user",
  key: message.id,
  content: message.content,
  attachments: message.attachments,
  refused: false,
  messageId: message.id,
  ...siblingsOf(message),
})

/** The number of an event from its id `<runId>:<seq>`. */
const seqOf = ({ id }: StoredMessage["parts"][number]): number => Number(id.slice(id.lastIndexOf(":") + 1))

const storedStatus = ({ error, status }: StoredMessage): Answer["status"] => {
  if (status === "cancelled" || error?.code === "EXECUTION_CANCELLED") return "cancelled"
  return status === null || status === "completed" ? "completed" : "failed"
}

const storedParts = ({ error, parts, runId }: StoredMessage): Answer["parts"] =>
  Parts.afterEnd(
    parts.reduce<Answer["parts"]>((before, message) => {
      const seq = seqOf(message)
      return Parts.afterMessage(before, `${runId}:${seq}`, seq, message)
    }, []),
    error ?? undefined,
  )

const storedAnswer = (message: StoredMessage): Answer => {
  const { error, executionMode, feedback, finishReason, id, model, runId, usage } = message
  return {
    role: "assistant",
    key: runId,
    runId,
    seq: 0,
    status: storedStatus(message),
    parts: storedParts(message),
    ...(executionMode === null ? {} : { executionMode }),
    ...(error === null ? {} : { error }),
    ...(usage === null ? {} : { usage }),
    ...(model === null ? {} : { model }),
    ...(finishReason === null ? {} : { finishReason }),
    ...(feedback === null ? {} : { feedback }),
    messageId: id,
    stored: true,
  }
}

/** The branch that ends with the last message, oldest first. An answer whose question was asked again is not part of it. */
const lastBranch = (messages: ReadonlyArray<StoredMessage>): ReadonlyArray<StoredMessage> => {
  const byId = new Map(messages.map((message) => [message.id, message]))
  const branch: Array<StoredMessage> = []
  let next = messages.at(-1)
  while (next !== undefined) {
    branch.unshift(next)
    byId.delete(next.id)
    next = byId.get(next.parentMessageId ?? "")
  }
  const [question, answer] = branch.slice(-2)
  // A path shows the failed answer that its leaf names.
  const isPath = answer?.siblings !== undefined
  const isAskedAgain =
    !isPath && answer?.role === "assistant" && question?.role === "user" && question.runId !== answer.runId
  return isAskedAgain && answer.status !== "completed" ? branch.slice(0, -1) : branch
}

/** The stored messages of a session: the branch that ends with the last one. */
export const fromSession = ({ id, messages }: Pick<Session, "id" | "messages">): Conversation => ({
  sessionId: id,
  messages: lastBranch(messages).map((message) =>
    message.role === "user" ? storedQuestion(message) : { ...storedAnswer(message), ...siblingsOf(message) },
  ),
})

/** The run of the last question, if the session has no answer of it. It is still running, or has left no message. */
export const unansweredRun = ({ messages }: Pick<Session, "messages">): string | undefined => {
  const last = lastBranch(messages).at(-1)
  return last?.role === "user" ? last.runId : undefined
}

const begun = ({ runId }: ChatEvent): Answer => ({
  role: "assistant",
  key: runId,
  runId,
  seq: 0,
  status: "running",
  parts: [],
  stored: false,
})

const completed = (
  answer: Answer,
  { executionMode, finishReason, messageId, model, usage }: RunDone,
): Answer => ({
  ...answer,
  status: "completed",
  parts: Parts.afterEnd(answer.parts),
  executionMode,
  usage,
  messageId,
  ...(finishReason === undefined ? {} : { finishReason }),
  ...(model === undefined ? {} : { model }),
})

const failed = (answer: Answer, error: RunError): Answer => ({
  ...answer,
  status: error.code === "EXECUTION_CANCELLED" ? "cancelled" : "failed",
  parts: Parts.afterEnd(answer.parts, error),
  error,
})

const next = (answer: Answer, event: ChatEvent): Answer => {
  if (event.event === "open")
    return answer.status !== "running" ||
      event.data.executionMode === "" ||
      answer.executionMode !== undefined
      ? answer
      : { ...answer, executionMode: event.data.executionMode }
  if (event.seq <= answer.seq) return answer
  // The events of the run have expired; the stored text is all that is left.
  if (event.event === "error" && event.data.code === "RUN_EVENTS_EXPIRED" && answer.stored) return answer
  const before: Answer = answer.stored ? { ...answer, stored: false, status: "running", parts: [] } : answer
  const { seq } = event
  switch (event.event) {
    case "message":
      return {
        ...before,
        seq,
        parts: Parts.afterMessage(before.parts, `${answer.runId}:${seq}`, seq, event.data),
      }
    case "done":
      return { ...completed(before, event.data), seq }
    case "error":
      return { ...failed(before, event.data), seq }
  }
}

/** The conversation after an event. Returns the same object when the event changes nothing. */
export const reduce = (conversation: Conversation, event: ChatEvent): Conversation => {
  const { messages } = conversation
  const index = messages.findLastIndex(
    (message) => message.role === "assistant" && message.runId === event.runId,
  )
  const sessionId = event.sessionId === "" ? conversation.sessionId : event.sessionId
  const found = messages[index]
  if (found?.role !== "assistant") return { sessionId, messages: [...messages, next(begun(event), event)] }
  const after = next(found, event)
  if (after === found && sessionId === conversation.sessionId) return conversation
  return { sessionId, messages: [...messages.slice(0, index), after, ...messages.slice(index + 1)] }
}
