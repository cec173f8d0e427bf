/**
 * Port: single messages and their places in the tree of a session. Siblings are the messages of one role that follow the same
 * message: the versions of a question, or the answers to it.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { MessageId, type SessionId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import type { ChatMessage, Session } from "../domain/Session.ts"
import type { ShownMessage } from "./ShownMessage.ts"
import type { StoreError } from "./StoreError.ts"

export class MessageNotFound extends Schema.TaggedError<MessageNotFound>()("MessageNotFound", {
  messageId: MessageId,
}) {}

/** `isCompared`: its run is one of a rollout's two cohorts. */
export interface FoundMessage extends Pick<ChatMessage, "id" | "parentMessageId" | "role"> {
  readonly session: Session
  readonly isCompared: boolean
}

/** `siblings`: their ids and its own, oldest first: the newest 10 000. */
export interface PathMessage extends ShownMessage {
  readonly siblings: ReadonlyArray<MessageId>
}

export class Messages extends Context.Service<
  Messages,
  {
    /** Fails the same way for a missing message and for one of another user or organisation. */
    readonly find: (
      principal: Principal,
      id: MessageId,
    ) => Effect.Effect<FoundMessage, AgentDenied | MessageNotFound | StoreError>
    /**
     * The last messages of the path from the session's start to `leaf`, oldest first. `before` is the position of the oldest
     * message of the page before; the next page is older. An empty session has an empty path.
     */
    readonly path: (
      id: SessionId,
      leaf: MessageId | "latest",
      page: { readonly before?: number; readonly limit: number },
    ) => Effect.Effect<Page<PathMessage, number>, MessageNotFound | StoreError>
    /** The end of the newest branch below the message: the newest message after it, and so on. */
    readonly leafOf: (id: MessageId) => Effect.Effect<MessageId, StoreError>
  }
>()("crossfade/store/Messages") {}
