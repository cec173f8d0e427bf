/** Conversations and their messages, read only by the user they belong to. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type MessageId, SessionId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import type { ChatMessage, Session } from "../domain/Session.ts"
import type { StoreError } from "./StoreError.ts"

export class SessionNotFound extends Schema.TaggedError<SessionNotFound>()("SessionNotFound", {
  sessionId: SessionId,
}) {}

/** `answered`: its turn has an answer, on this branch or on another one. */
export interface BranchMessage extends ChatMessage {
  readonly answered: boolean
}

export class Sessions extends Context.Service<
  Sessions,
  {
    /**
     * Fails alike for a session that is not there and for one of another user or organisation. `AgentDenied`: it is the caller's,
     * and the caller's key is limited to other agents.
     */
    readonly get: (
      principal: Principal,
      id: SessionId,
    ) => Effect.Effect<Session, AgentDenied | SessionNotFound | StoreError>
    /**
     * Sessions with agents that the caller may use. Newest first (UUIDv7 ids: by time of creation); `before` is the id the last
     * page ended with.
     */
    readonly list: (
      principal: Principal,
      page: { readonly before?: SessionId; readonly limit: number },
    ) => Effect.Effect<Page<Session, SessionId>, StoreError>
    /** The last messages before the position `before`, oldest first. The next page is older. */
    readonly messages: (
      id: SessionId,
      page: { readonly before?: number; readonly limit: number },
    ) => Effect.Effect<Page<ChatMessage, number>, StoreError>
    /**
     * The branch that ends with the message `end`, or with the session's last one: from parent to child, the messages that
     * the history rule may keep, and always `end` itself. Those of turns without an answer, those far back and those that are
     * more than about 4 MiB back are left out. Empty when `end` is no message of the session.
     */
    readonly branch: (
      id: SessionId,
      end?: MessageId,
    ) => Effect.Effect<ReadonlyArray<BranchMessage>, StoreError>
  }
>()("crossfade/store/Sessions") {}
