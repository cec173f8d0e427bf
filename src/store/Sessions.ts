/** Port: sessions and their messages. Only the user who owns a session can read it. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type MessageId, SessionId } from "../domain/Ids.ts"
import type { Attachment } from "../domain/Attachment.ts"
import type { MessageRecord } from "../domain/MessageRecord.ts"
import type { Page } from "../domain/Page.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import type { ChatMessage, Session } from "../domain/Session.ts"
import type { ShownMessage } from "./ShownMessage.ts"
import type { StoreError } from "./StoreError.ts"

export class SessionNotFound extends Schema.TaggedError<SessionNotFound>()("SessionNotFound", {
  sessionId: SessionId,
}) {}

export interface BranchMessage extends ChatMessage {
  /** True if its turn has an answer, on any branch. False on an assistant's message: its turn failed. */
  readonly answered: boolean
  /**
   * True if the session continued differently after this message before this branch did: an earlier message, perhaps
   * deleted, follows it or a later message of the branch. It is also true on a first message if the session has an
   * earlier first message.
   */
  readonly forked?: boolean
  readonly record: MessageRecord | null
  readonly attachments: ReadonlyArray<Attachment>
}

/** A message without its record. `answers`: a user's message that answers interrupts. `answered` as in `BranchMessage`. */
export interface TreeMessage extends Pick<
  ChatMessage,
  "id" | "role" | "content" | "parentMessageId" | "runId"
> {
  readonly answers: boolean
  readonly answered: boolean
}

export class Sessions extends Context.Service<
  Sessions,
  {
    /**
     * Fails the same way for a missing session and for one of another user or organisation. `AgentDenied`: the
     * session is the caller's, but the caller's key is limited to other agents.
     */
    readonly get: (
      principal: Principal,
      id: SessionId,
    ) => Effect.Effect<Session, AgentDenied | SessionNotFound | StoreError>
    /**
     * The caller's session under an id that its client chose; the session's own id finds it too. Undefined: there is none.
     */
    readonly ofClient: (
      principal: Principal,
      clientId: string,
    ) => Effect.Effect<Session | undefined, AgentDenied | StoreError>
    /** The last messages before the position `before`, oldest first. The next page is older. */
    readonly messages: (
      id: SessionId,
      page: { readonly before?: number; readonly limit: number },
    ) => Effect.Effect<Page<ShownMessage, number>, StoreError>
    /**
     * The branch that ends with the message `end`, or with the session's last message: from parent to child, the
     * messages that the history rule may select. It always has `end`, and the question of `end` if that turn failed. It
     * leaves out other messages of turns without an answer, messages far back, and those beyond about 4 MiB. Empty if
     * `end` is not in the session.
     */
    readonly branch: (
      id: SessionId,
      end?: MessageId,
    ) => Effect.Effect<ReadonlyArray<BranchMessage>, StoreError>
    /** The messages of all branches, oldest first: the newest 10 000, within about 4 MiB. */
    readonly tree: (id: SessionId) => Effect.Effect<ReadonlyArray<TreeMessage>, StoreError>
  }
>()("crossfade/store/Sessions") {}
