/** A run in the list of operators: facts without the texts of its user. */
import * as Schema from "effect/Schema"
import { Feedback } from "./Feedback.ts"
import { Run } from "./Run.ts"

/** The thumbs and score of an answer, without the user's comment. */
export const RatedAnswer = Schema.Struct({
  messageId: Feedback.fields.messageId,
  rating: Feedback.fields.rating,
  score: Feedback.fields.score,
  createdAt: Feedback.fields.createdAt,
  updatedAt: Feedback.fields.updatedAt,
})
export type RatedAnswer = typeof RatedAnswer.Type

export const withoutComment = ({
  createdAt,
  messageId,
  rating,
  score,
  updatedAt,
}: Feedback): RatedAnswer => ({
  messageId,
  rating,
  score,
  createdAt,
  updatedAt,
})

export const ListedRun = Schema.Struct({
  id: Run.fields.id,
  sessionId: Run.fields.sessionId,
  orgId: Run.fields.orgId,
  userId: Run.fields.userId,
  agentId: Run.fields.agentId,
  status: Run.fields.status,
  executionMode: Run.fields.executionMode,
  /** The reason for the first mode, as in `decision`. */
  reason: Schema.String,
  /** The code of the error that the user saw; null without one. */
  code: Schema.NullOr(Schema.String),
  usage: Run.fields.usage,
  model: Run.fields.model,
  finishReason: Run.fields.finishReason,
  traceId: Run.fields.traceId,
  createdAt: Run.fields.createdAt,
  endedAt: Run.fields.endedAt,
  feedback: Schema.NullOr(RatedAnswer),
}).annotate({ identifier: "ListedRun" })
export type ListedRun = typeof ListedRun.Type
