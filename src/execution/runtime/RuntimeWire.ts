/**
 * The events of the agent runtime as schemas. `RuntimeRequest` builds the request; `RuntimeMapping` maps the events.
 * Field names are the runtime's (snake_case).
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

const text = Schema.String
const num = Schema.Finite
/** An optional field of this wire is absent or null. */
const opt = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
const record = Schema.Record(Schema.String, Schema.Json)

/** Some tools take no object. Any JSON is accepted, because a call that has started must not be missed. */
const started = { arguments: opt(Schema.Json) }
const completed = { result: opt(Schema.Json), success: Schema.Boolean, error: opt(text), duration: opt(num) }
const tool = { tool_name: text }
const skill = { skill_id: text, skill_name: text }
const mcp = { server_id: text, tool_name: text }
const step = { step_id: text, title: text }

const event = <const Name extends string, Fields extends Schema.Struct.Fields>(name: Name, data: Fields) =>
  Schema.Struct({ event: Schema.Literal(name), data: Schema.Struct(data) })

export const RuntimeEvent = Schema.Union([
  event("text_chunk", { content: text }),
  event("thinking", { content: text, stage: opt(text) }),
  event("plan_created", { steps: Schema.Array(Schema.Struct({ id: text, title: text })) }),
  event("plan_step_start", { ...step, tool: opt(text), params: opt(record) }),
  event("plan_step_complete", { ...step, result: opt(Schema.Json), duration_ms: opt(num) }),
  event("plan_step_failed", { ...step, error: opt(text) }),
  event("tool_call_start", { ...tool, ...started }),
  event("tool_call_complete", { ...tool, ...completed }),
  event("skill_call_start", { ...skill, ...started }),
  event("skill_call_complete", { ...skill, ...completed }),
  event("mcp_call_start", { ...mcp, ...started }),
  event("mcp_call_complete", { ...mcp, ...completed }),
  event("file_created", { file_id: text, filename: text, mime_type: text, size: opt(num), url: text }),
  /** Some runtimes send `model` and `usage`. Any JSON is accepted, so that a bad figure never fails an answer. */
  event("execution_complete", {
    final_response: opt(text),
    model: opt(Schema.Json),
    usage: opt(Schema.Json),
  }),
  event("execution_error", {
    error: text,
    code: opt(text),
    httpStatus: opt(Schema.Int),
    details: opt(Schema.Json),
    traceId: opt(text),
  }),
  event("ping", {}),
])
export type RuntimeEvent = typeof RuntimeEvent.Type

/** Decodes the most frequent event by hand: the schema's result at a tenth of the cost. */
export const textChunk = (json: unknown): RuntimeEvent | undefined => {
  if (!Predicate.hasProperty(json, "event") || json.event !== "text_chunk") return undefined
  if (!Predicate.hasProperty(json, "data") || !Predicate.hasProperty(json.data, "content")) return undefined
  const { content } = json.data
  return typeof content === "string" ? { event: "text_chunk", data: { content } } : undefined
}

/** The field that every event has. It separates unknown events from undecodable ones. */
export const AnyEvent = Schema.Struct({ event: Schema.String })

export const eventNames: ReadonlySet<string> = new Set(
  RuntimeEvent.members.map((member) => member.fields.event.literal),
)
