/** Data that is stored with a message for later turns and that no reader sees. */
import * as Schema from "effect/Schema"
import { Interrupt, InterruptAnswer } from "./Interrupt.ts"

/** Data of an upstream wire about its answer, such as its own message ids. Only the same wire reads it. */
export const UpstreamRecord = Schema.Struct({ wire: Schema.String, data: Schema.Json })
export type UpstreamRecord = typeof UpstreamRecord.Type

export const MessageRecord = Schema.Struct({
  /** The interrupts of an assistant's message. They wait for an answer until the branch has a later assistant's message. */
  interrupts: Schema.optionalKey(Schema.Array(Interrupt)),
  /** The answers to interrupts in a user's message. */
  answers: Schema.optionalKey(Schema.Array(InterruptAnswer)),
  upstream: Schema.optionalKey(UpstreamRecord),
})
export type MessageRecord = typeof MessageRecord.Type

/** Larger upstream data is dropped: the wire then sends the texts of the stored messages. */
const mostCharacters = 1024 * 1024

/** The record of an assistant's message; undefined if there is nothing to store. */
export const ofAnswer = (
  interrupts: ReadonlyArray<Interrupt>,
  upstream: UpstreamRecord | undefined,
): MessageRecord | undefined => {
  const fits = upstream !== undefined && JSON.stringify(upstream.data).length <= mostCharacters
  return interrupts.length === 0 && !fits
    ? undefined
    : { ...(interrupts.length === 0 ? {} : { interrupts }), ...(fits ? { upstream } : {}) }
}
