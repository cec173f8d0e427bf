/** A session of one user with one agent, and its messages. Times are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Cohort } from "./Cohort.ts"
import { AgentId, MessageId, OrgId, RunId, SessionId, UserId } from "./Ids.ts"
import { ExecutionMode } from "./Mode.ts"

export const Session = Schema.Struct({
  id: SessionId,
  orgId: OrgId,
  userId: UserId,
  agentId: AgentId,
  /** The start of the first message (`SessionTitle`), until a model or the user names the session. */
  title: Schema.String,
  /** Null until a rollout percentage has decided one of its turns. */
  cohort: Schema.NullOr(Cohort),
  createdAt: Schema.Int,
  updatedAt: Schema.Int,
}).annotate({ identifier: "Session" })
export type Session = typeof Session.Type

export const ChatMessage = Schema.Struct({
  id: MessageId,
  sessionId: SessionId,
  runId: RunId,
  role: Schema.Literals(["user", "assistant"]),
  content: Schema.String,
  parentMessageId: Schema.NullOr(MessageId),
  /** The mode of an assistant's message; null on a user's. */
  executionMode: Schema.NullOr(ExecutionMode),
  createdAt: Schema.Int,
}).annotate({ identifier: "ChatMessage" })
export type ChatMessage = typeof ChatMessage.Type
