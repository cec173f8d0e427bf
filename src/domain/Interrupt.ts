/**
 * An interrupt: the agent has stopped and waits for an answer, such as an approval of a call. The session's next turn answers
 * it. JSON on the wire and in the store.
 */
import * as Schema from "effect/Schema"

const opt = Schema.optionalKey

export const Interrupt = Schema.Struct({
  /** The agent's id of the interrupt. */
  interruptId: Schema.String,
  /** A short code of the agent's, such as `tool_call`. */
  reason: Schema.String,
  /** The question for the user. */
  message: opt(Schema.String),
  /** The call that waits for the answer. */
  toolName: opt(Schema.String),
  arguments: opt(Schema.Record(Schema.String, Schema.Json)),
  /** A JSON Schema of the answer. */
  responseSchema: opt(Schema.Json),
  /** ISO 8601. */
  expiresAt: opt(Schema.String),
  /** The agent's own data. */
  payload: opt(Schema.Json),
})
export type Interrupt = typeof Interrupt.Type

export const InterruptAnswer = Schema.Struct({
  interruptId: Schema.String,
  payload: Schema.Json,
  /** The user refuses to answer. Agents whose protocol has no such answer get `payload`. */
  cancelled: opt(Schema.Literal(true)),
})
export type InterruptAnswer = typeof InterruptAnswer.Type
