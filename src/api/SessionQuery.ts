/** The queries of the routes that list sessions and read one. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { MessageId, RunId, SessionId } from "../domain/Ids.ts"
import { leaf } from "./BranchView.ts"
import { pagedBy } from "./Paging.ts"

const trueOrFalse = Schema.Literals(["true", "false"]).pipe(
  Schema.decodeTo(Schema.Boolean, {
    decode: SchemaGetter.transform((text) => text === "true"),
    encode: SchemaGetter.transform((value) => (value ? ("true" as const) : ("false" as const))),
  }),
)

/** By activity: pinned or not as 1 or 0, `updatedAt`, id. By creation: the id. */
const position = Schema.Union([SessionId, Schema.Tuple([Schema.Literals([0, 1]), Schema.Int, SessionId])])

export const sessionsPage = pagedBy("sessions", position, 100)

export const SessionsQuery = Schema.Struct({
  ...sessionsPage.query,
  order: Schema.optionalKey(Schema.Literals(["activity", "created"])).annotate({
    description:
      "`activity`, the default: pinned sessions first, then by `updatedAt`, newest first. `created`: newest first; no session moves between two pages.",
  }),
  archived: Schema.optionalKey(trueOrFalse),
  pinned: Schema.optionalKey(trueOrFalse),
}).check(
  Schema.makeFilter(({ cursor, order }) =>
    order === undefined || cursor === undefined || (order === "created") === (typeof cursor === "string")
      ? undefined
      : { path: ["cursor"], issue: `Expected the nextCursor of a page with order=${order}` },
  ),
)

export const messagesPage = pagedBy("messages", Schema.Int, 1000)

const { cursor, limit } = messagesPage.query

const idOrCursor = Schema.Union([MessageId, messagesPage.cursor])
const decodeBefore = Schema.decodeUnknownEffect(idOrCursor)
const encodeBefore = Schema.encodeUnknownEffect(idOrCursor)
const neither = "Expected the id of a message, or the nextCursor of a page of this list"

/** One text in the description, because both have the same form there. */
const before = Schema.String.pipe(
  Schema.decodeTo(Schema.toType(idOrCursor), {
    decode: SchemaGetter.transformEffect((text: string) =>
      Effect.mapError(decodeBefore(text), () => new SchemaIssue.InvalidValue({ message: neither }, text)),
    ),
    encode: SchemaGetter.transformEffect((position: MessageId | number) =>
      Effect.mapError(encodeBefore(position), ({ issue }) => issue),
    ),
  }),
)

export const MessagesQuery = Schema.Struct({
  cursor,
  limit,
  before: Schema.optionalKey(before),
  leaf,
}).check(
  Schema.makeFilter(({ before, cursor }) =>
    before === undefined || cursor === undefined
      ? undefined
      : { path: ["before"], issue: "Expected either before or cursor" },
  ),
)

export const runsPage = pagedBy("runs", RunId, 100)
