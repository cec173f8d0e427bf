/** One kind of event of a stream, for the contract. */
import * as Schema from "effect/Schema"

export const frame = <const Name extends string, Data extends Schema.ConstraintCodec<unknown, unknown>>(
  name: Name,
  data: Data,
) =>
  Schema.Struct({
    id: Schema.optional(Schema.String),
    event: Schema.Literal(name),
    data: Schema.fromJsonString(data),
  })
