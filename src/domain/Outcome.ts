/**
 * How an attempt ended: one outcome each, at its end. Only `success`, `error` and the timeouts say something about the
 * mode's health; `neutral` (the user's cancel, the caller's fault, a content filter, a rate limit) never does.
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

/** Why an answer ended, for the reader: `length` means that it was cut at the model's limit and may be continued. */
export const FinishReason = Schema.Literals(["stop", "length", "content_filter", "other"])
export type FinishReason = typeof FinishReason.Type

/**
 * `tokens` is what the provider reported; where it reported nothing it is a guess and `estimated` is true. `cached`: the
 * answer had been given before, so no provider was asked and no tokens were spent.
 */
export const Usage = Schema.Struct({
  tokens: Schema.Int,
  /** The parts of `tokens`, where the provider reported them. */
  inputTokens: Schema.optionalKey(Schema.Int),
  outputTokens: Schema.optionalKey(Schema.Int),
  estimated: Schema.optionalKey(Schema.Boolean),
  cached: Schema.optionalKey(Schema.Boolean),
})
export type Usage = typeof Usage.Type
