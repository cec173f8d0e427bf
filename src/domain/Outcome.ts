/**
 * The outcome of an attempt: exactly one, at its end. Only `success`, `error` and the timeouts are evidence about the
 * mode's health; `neutral` (the user's cancel, the caller's fault, a content filter, a rate limit) never is.
 */
import * as Schema from "effect/Schema"

export const Outcome = Schema.Literals([
  "success",
  "error",
  "timeout_first_content",
  "timeout_stall",
  "timeout_total",
  "neutral",
])
export type Outcome = typeof Outcome.Type

/**
 * The reason for the answer's end. `length`: the model's limit cut it, and it may be continued. `interrupt`: the agent waits for
 * an answer.
 */
export const FinishReason = Schema.Literals(["stop", "length", "content_filter", "interrupt", "other"])
export type FinishReason = typeof FinishReason.Type

/**
 * `tokens`: the provider's count; if it reported none, an estimate with `estimated` true. `cached`: the answer came
 * from the cache, so no provider was asked and no tokens were spent.
 */
export const Usage = Schema.Struct({
  tokens: Schema.Int,
  /** The parts of `tokens`, if the provider reported them. */
  inputTokens: Schema.optionalKey(Schema.Int),
  outputTokens: Schema.optionalKey(Schema.Int),
  estimated: Schema.optionalKey(Schema.Boolean),
  cached: Schema.optionalKey(Schema.Boolean),
})
export type Usage = typeof Usage.Type
