/**
 * The bodies of `POST /api/v1/execute/stream` and of a cancel on the runtime wire. An invalid body is answered as
 * FastAPI does: 422 with `{"detail": [{"loc", "msg", "type"}]}`.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

const text = Schema.String
/** Pydantic's `Optional`: may be absent, may be null. */
const maybe = <S extends Schema.Top>(schema: S) => Schema.optional(Schema.NullOr(schema))

const server = Schema.Struct({ id: text, name: text, endpoint: text, transport: text })

const ExecuteBody = Schema.Struct({
  session_id: Schema.NonEmptyString,
  agent_id: text,
  org_id: text,
  user_message: Schema.NonEmptyString,
  history_messages: maybe(
    Schema.Array(Schema.Struct({ role: Schema.Literals(["user", "assistant", "system"]), content: text })),
  ),
  agent_config: maybe(
    Schema.Struct({
      system_prompt: maybe(text),
      model: maybe(text),
      temperature: maybe(Schema.Finite),
      max_tokens: maybe(Schema.Int),
    }),
  ),
  available_mcp_servers: maybe(Schema.Array(server)),
  available_sub_agents: maybe(
    Schema.Array(Schema.Struct({ id: text, name: text, mcp_servers: Schema.optional(Schema.Array(server)) })),
  ),
  metadata: maybe(Schema.Record(text, Schema.Unknown)),
})
export type ExecuteBody = typeof ExecuteBody.Type

const CancelBody = Schema.Struct({ session_id: Schema.NonEmptyString })

const Detail = Schema.Struct({
  loc: Schema.Array(Schema.Union([text, Schema.Int])),
  msg: text,
  type: text,
})

/** The body does not match the route. */
export class BodyInvalid extends Schema.TaggedError<BodyInvalid>()("BodyInvalid", {
  detail: Schema.Array(Detail),
}) {}

const problems = SchemaIssue.makeFormatterStandardSchemaV1()

/** FastAPI writes an index as a number and a name as text. */
const index = (part: PropertyKey): string | number => (typeof part === "number" ? part : String(part))

const invalid = (issue: SchemaIssue.Issue): BodyInvalid =>
  new BodyInvalid({
    detail: problems(issue).issues.map(({ message, path = [] }) => ({
      loc: ["body", ...path.map((part) => (typeof part === "object" ? part.key : part)).map(index)],
      msg: message === "Missing key" ? "Field required" : message,
      type: message === "Missing key" ? "missing" : "value_error",
    })),
  })

const decoder = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
  return (body: string): Effect.Effect<S["Type"], BodyInvalid> =>
    decode(body, { errors: "all" }).pipe(Effect.mapError((error) => invalid(error.issue)))
}

export const decodeExecute = decoder(ExecuteBody)
export const decodeCancel = decoder(CancelBody)
