/** The wire's record of its answer, for the next turn of the branch. Pure. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { UpstreamRecord } from "../../domain/MessageRecord.ts"
import type { Turn } from "../Executor.ts"

const wire = "responses"

/** `waiting` are the server's items that wait for an answer, as the server sent them. */
const Data = Schema.Struct({
  responseId: Schema.optionalKey(Schema.String),
  waiting: Schema.Array(Schema.Record(Schema.String, Schema.Json)),
})
type Data = typeof Data.Type

const decode = Schema.decodeUnknownOption(Data)

export const make = (data: Data): UpstreamRecord => ({ wire, data })

/** The record of the branch's last answer. Undefined if another wire or another mode gave that answer. */
export const previousOf = ({ past }: Pick<Turn, "past">): Data | undefined => {
  const upstream = past.findLast(({ role }) => role === "assistant")?.upstream
  return upstream?.wire === wire ? Option.getOrUndefined(decode(upstream.data)) : undefined
}
