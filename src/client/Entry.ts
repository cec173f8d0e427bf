/**
 * The entry `crossfade-gateway/client`. It needs `fetch` and nothing of Node or Effect. `docs/reference/client.md` describes it.
 */
export {
  type Client,
  createClient,
  type Events,
  type PageOptions,
  type SearchOptions,
  type SessionOptions,
  type SessionsOptions,
  type TurnOptions,
} from "./Client.ts"
export type {
  ChatEvent,
  ExportLine,
  Feedback,
  GivenFeedback,
  InterruptAnswer,
  Message,
  MessageOf,
  PlacedMessage,
  Run,
  RunDone,
  RunError,
  RunsPage,
  SearchPage,
  Session,
  SessionCancelled,
  SessionChanges,
  SessionCounts,
  SessionOverview,
  SessionsPage,
} from "./Contract.ts"
export { type Version, versionOf } from "./Branches.ts"
export {
  type Answer,
  ask,
  type Conversation,
  type ConversationMessage,
  emptyConversation,
  fromSession,
  pendingInterrupts,
  type Question,
  reduce,
} from "./Conversation.ts"
export { type ChatState, type ChatStatus, ConversationStore } from "./ConversationStore.ts"
export { CrossfadeError } from "./CrossfadeError.ts"
export type { Part } from "./Parts.ts"
export type { StreamOptions } from "./RunStream.ts"
export type { ClientOptions } from "./Transport.ts"
