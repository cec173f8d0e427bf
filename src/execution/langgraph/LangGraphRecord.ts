/** The place of an answer in the server's threads. It is stored with the answer, and the next turn continues from it. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { UpstreamRecord } from "../../domain/MessageRecord.ts"
import type { PastMessage } from "../Executor.ts"

export const wire = "langgraph"

const Place = Schema.Struct({
  thread: Schema.String,
  checkpoint: Schema.String,
  run: Schema.String,
  /** The calls without a result: `id` and tool name. */
  calls: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String })),
})
export type Place = typeof Place.Type

const decode = Schema.decodeUnknownOption(Place)

export const toRecord = ({ calls, checkpoint, run, thread }: Place): UpstreamRecord => ({
  wire,
  data: { thread, checkpoint, run, calls: calls.map(({ id, name }) => ({ id, name })) },
})

export interface Known {
  readonly place: Place
  /** The messages of the branch that the thread does not have. */
  readonly missing: ReadonlyArray<PastMessage>
}

/** The newest answer of the branch that a thread has. */
export const knownIn = (past: ReadonlyArray<PastMessage>): Known | undefined => {
  const at = past.findLastIndex(({ role, upstream }) => role === "assistant" && upstream?.wire === wire)
  const place = Option.getOrUndefined(decode(past[at]?.upstream?.data))
  return place === undefined ? undefined : { place, missing: past.slice(at + 1) }
}
