/** Port: feedback on answers. Only the user who owns the session can read or change it. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Feedback, GivenFeedback, RatingChange } from "../domain/Feedback.ts"
import { MessageId } from "../domain/Ids.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import type { MessageNotFound } from "./Messages.ts"
import type { StoreError } from "./StoreError.ts"

/** The message is the user's own, so there is nothing to rate. */
export class NotAnAnswer extends Schema.TaggedError<NotAnAnswer>()("NotAnAnswer", {
  messageId: MessageId,
}) {}

export type FeedbackRefused = AgentDenied | MessageNotFound | NotAnAnswer | StoreError

/**
 * Each method fails the same way for a missing or deleted message and for one of another user or organisation.
 * `AgentDenied`: the message is the caller's, but the caller's key is limited to other agents.
 */
export class FeedbackStore extends Context.Service<
  FeedbackStore,
  {
    /** Replaces the feedback. The same feedback again changes nothing. Concurrent writes follow one another. */
    readonly put: (
      principal: Principal,
      id: MessageId,
      given: GivenFeedback,
      now: number,
    ) => Effect.Effect<{ readonly feedback: Feedback; readonly change: RatingChange }, FeedbackRefused>
    readonly withdraw: (principal: Principal, id: MessageId) => Effect.Effect<RatingChange, FeedbackRefused>
    readonly get: (
      principal: Principal,
      id: MessageId,
    ) => Effect.Effect<Feedback | undefined, FeedbackRefused>
    /** The feedback on those of the messages that have any. The caller may read the messages. */
    readonly ofMessages: (
      ids: ReadonlyArray<MessageId>,
    ) => Effect.Effect<ReadonlyMap<MessageId, Feedback>, StoreError>
  }
>()("crossfade/store/FeedbackStore") {}
