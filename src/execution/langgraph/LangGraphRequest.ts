/** Builds the server's requests from a turn. Pure. */
import type { PastMessage, Turn } from "../Executor.ts"
import * as LangGraphInterrupt from "./LangGraphInterrupt.ts"
import type { Place } from "./LangGraphRecord.ts"

export const defaultAgent = "agent"

interface Message {
  readonly type: "human" | "ai" | "tool"
  readonly content: string
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

/** The whole conversation after the history rule. */
const wholeHistory = ({ history, messageId }: Turn): ReadonlyArray<Message> =>
  history.map(({ content, role }, index) => ({
    type: typeOf(role),
    content: content.toWellFormed(),
    ...(index === history.length - 1 ? { id: messageId } : {}),
  }))

/** Models refuse a conversation in which a call has no result. */
const unanswered = ({ id }: Place["calls"][number]): Message => ({
  type: "tool",
  content: "The user sent a message instead of an answer, so the call was not made.",
  tool_call_id: id,
  status: "error",
})

const messageOf = ({ content, id, role }: Pick<PastMessage, "content" | "id" | "role">): Message => ({
  type: typeOf(role),
  content: content.toWellFormed(),
  id,
})

const newMessages = (
  turn: Turn,
  { missing, place }: Extract<Start, { readonly kind: "continue" }>,
): ReadonlyArray<Message> => [
  ...place.calls.map(unanswered),
  ...missing.filter(({ content }) => content.trim() !== "").map(messageOf),
  messageOf({ id: turn.messageId, role: "user", content: turn.message }),
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
