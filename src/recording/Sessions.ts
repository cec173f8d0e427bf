/** Conversations and their messages, read by the user they belong to and by nobody else. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type MessageId, SessionId } from "../domain/Ids.ts"
import type { Principal } from "../domain/Principal.ts"
import type { ChatMessage, Session } from "../domain/Session.ts"
import type { StoreError } from "./StoreError.ts"

export class SessionNotFound extends Schema.TaggedError<SessionNotFound>()("SessionNotFound", {
  sessionId: SessionId,
}) {}

export class Sessions extends Context.Service<
  Sessions,
  {
    /** Fails alike for a session that is not there and for one of another user or organisation. */
    readonly get: (
      principal: Principal,
      id: SessionId,
    ) => Effect.Effect<Session, SessionNotFound | StoreError>
    /** Newest first (UUIDv7 ids: by time of creation); `before` is the id the last page ended with. */
    readonly list: (
      principal: Principal,
      page: { readonly before?: SessionId; readonly limit: number },
    ) => Effect.Effect<ReadonlyArray<Session>, StoreError>
    /** The last `limit` messages, oldest first. */
    readonly messages: (id: SessionId, limit: number) => Effect.Effect<ReadonlyArray<ChatMessage>, StoreError>
    readonly hasMessage: (id: SessionId, messageId: MessageId) => Effect.Effect<boolean, StoreError>
  }
>()("crossfade/recording/Sessions") {}
