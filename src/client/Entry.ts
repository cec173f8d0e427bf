/**
 * The entry `crossfade-gateway/client`. It needs `fetch` and nothing of Node or Effect. `docs/reference/client.md` describes it.
 */
export {
  type Client,
  createClient,
  type Events,
  type PageOptions,
  type TurnOptions,
  type UploadOptions,
} from "./Client.ts"
export type {
  ChatEvent,
  InterruptAnswer,
  Message,
  MessageOf,
  Run,
  RunDone,
  RunError,
  Session,
  SessionsPage,
  UploadedFile,
} from "./Contract.ts"
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
