/** A user's feedback on an answer: thumbs, a score, a comment. Each answer has at most one. */
import * as Schema from "effect/Schema"
import { MessageId, RunId, SessionId } from "./Ids.ts"
import type { ExecutionMode } from "./Mode.ts"

export const Rating = Schema.Literals(["up", "down"])
export type Rating = typeof Rating.Type

export const Score = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

export const Feedback = Schema.Struct({
  messageId: MessageId,
  /** The run that made the answer. */
  runId: RunId,
  sessionId: SessionId,
  rating: Schema.NullOr(Rating),
  /** From 0 to 1; 1 is the best. */
  score: Schema.NullOr(Score),
  comment: Schema.NullOr(Schema.String),
  createdAt: Schema.Int,
  /** The last change. */
  updatedAt: Schema.Int,
}).annotate({ identifier: "Feedback" })
export type Feedback = typeof Feedback.Type

/** The fields that the user gives. */
export type GivenFeedback = Pick<Feedback, "rating" | "score" | "comment">

/** The state of an answer's rating. `none`: feedback without thumbs; undefined: no feedback. */
export type Rated = Rating | "none" | undefined

/** The effect of a write on the rating of an answer. */
export interface RatingChange {
  /** The mode that made the answer; null if none did. */
  readonly mode: ExecutionMode | null
  readonly from: Rated
  readonly to: Rated
}
