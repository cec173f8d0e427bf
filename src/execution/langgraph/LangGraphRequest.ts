/** Builds the server's requests from a turn. Pure. */
import type { PromptMessage } from "../../domain/History.ts"
import type { PastMessage, Turn } from "../Executor.ts"
import type { LoadedFile } from "../files/AttachmentRules.ts"
import { contentOf, type Files } from "../files/PromptContent.ts"
import * as LangGraphInterrupt from "./LangGraphInterrupt.ts"
import type { Place } from "./LangGraphRecord.ts"

export const defaultAgent = "agent"

/** Blocks of LangChain 1.0, which models of all providers take. */
const blocks = {
  file: ({ content, filename, kind, mediaType }: LoadedFile) => ({
    type: kind === "image" ? "image" : "file",
    base64: content,
    mime_type: mediaType,
    ...(kind === "image" ? {} : { filename: filename.toWellFormed() }),
  }),
  text: (text: string) => ({ type: "text", text }),
}

type Content = ReadonlyArray<object> | string

interface Message {
  readonly type: "human" | "ai" | "tool"
  readonly content: Content
  /** A message with the id of one that the thread has replaces it. */
  readonly id?: string
  readonly tool_call_id?: string
  readonly status?: "error"
}

/** A turn starts a thread, continues one after an answer, or answers the interrupts of one. */
export type Start =
  | { readonly kind: "new"; readonly thread: string }
  | { readonly kind: "continue"; readonly place: Place; readonly missing: ReadonlyArray<PastMessage> }
  | { readonly kind: "resume"; readonly place: Place; readonly isAnswered: boolean }

export const threadOf = (start: Start): string => (start.kind === "new" ? start.thread : start.place.thread)

/** A shadow, and a synthetic probe, which is a session of its own. No turn continues them. */
export const isTemporary = ({ runId, sessionId, shadow }: Turn): boolean =>
  shadow || String(runId) === String(sessionId)

const typeOf = (role: PastMessage["role"]) => (role === "user" ? "human" : "ai")

const contentIn = (files: Files, message: Pick<PromptMessage, "attachments" | "content">): Content =>
  contentOf<object>(files, { ...message, content: message.content.toWellFormed() }, blocks)

/** The whole conversation after the history rule. */
const wholeHistory = ({ files, history, messageId }: Turn): ReadonlyArray<Message> =>
  history.map((message, index) => ({
    type: typeOf(message.role),
    content: contentIn(files, message),
    ...(index === history.length - 1 ? { id: messageId } : {}),
  }))

/** Models refuse a conversation in which a call has no result. */
const unanswered = ({ id }: Place["calls"][number]): Message => ({
  type: "tool",
  content: "The user sent a message instead of an answer, so the call was not made.",
  tool_call_id: id,
  status: "error",
})

const messageOf =
  (files: Files) =>
  (message: Pick<PastMessage, "attachments" | "content" | "id" | "role">): Message => ({
    type: typeOf(message.role),
    content: contentIn(files, message),
    id: message.id,
  })

const isSent = ({ attachments = [], content }: PastMessage): boolean =>
  content.trim() !== "" || attachments.length > 0

const newMessages = (
  turn: Turn,
  { missing, place }: Extract<Start, { readonly kind: "continue" }>,
): ReadonlyArray<Message> => [
  ...place.calls.map(unanswered),
  ...missing.filter(isSent).map(messageOf(turn.files)),
  messageOf(turn.files)({
    id: turn.messageId,
    role: "user",
    content: turn.message,
    attachments: turn.attachments,
  }),
]

/**
 * A checkpoint remembers the first answer to its interrupts, and a second one is ignored. Without an answer the server
 * makes a new checkpoint there, and the agent asks again.
 */
const commandOf = ({ resume }: Turn, isAnswered: boolean) =>
  isAnswered || resume?.answers === undefined
    ? { input: null }
    : { command: { resume: LangGraphInterrupt.resumeOf(resume.interrupts, resume.answers) } }

const inputOf = (turn: Turn, start: Start) => {
  switch (start.kind) {
    case "new":
      return { input: { messages: wholeHistory(turn) } }
    case "continue":
      return { input: { messages: newMessages(turn, start) } }
    case "resume":
      return commandOf(turn, start.isAnswered)
  }
}

/** The session's data, for graphs that read it and for searches at the server. */
export const metadataOf = (turn: Turn) => ({
  session_id: turn.sessionId,
  user_id: turn.userId,
  org_id: turn.orgId,
  agent_id: turn.agent.id,
})

/**
 * The body of `POST /threads/{thread_id}/runs/stream`. The checkpoint of the last answer keeps other branches and failed
 * turns out of the run. `reject`: the other strategies would wait for another run of the thread, or end it.
 */
export const make = (turn: Turn, agent: string, start: Start) => ({
  assistant_id: agent === "" ? defaultAgent : agent,
  ...inputOf(turn, start),
  ...(start.kind === "new"
    ? {}
    : { checkpoint: { checkpoint_id: start.place.checkpoint, checkpoint_ns: "" } }),
  stream_mode: ["messages-tuple", "updates", "custom"],
  stream_subgraphs: true,
  if_not_exists: start.kind === "new" ? "create" : "reject",
  multitask_strategy: "reject",
  on_disconnect: "cancel",
  metadata: {
    ...metadataOf(turn),
    run_id: turn.runId,
    shadow: turn.shadow,
    probe: turn.probe,
    ...(turn.shadow ? { dry_run: true } : {}),
  },
})
