/**
 * The events of AG-UI 1.0 as schemas, equal to the types of `@ag-ui/core`. `AgUiRequest` builds the request;
 * `AgUiMapping` maps the events.
 *
 * Servers in Python send null for absent fields, and timestamps in milliseconds, in seconds or not at all. So null
 * counts as absent, and no timestamp is used.
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

const text = Schema.String
const json = Schema.Json
const record = Schema.Record(text, json)

/** An optional field; null counts as absent. */
const opt = <S extends Schema.Codec<unknown, unknown>>(schema: S) =>
  Schema.optionalKey(Schema.NullOr(schema)).pipe(
    Schema.decodeTo(Schema.optionalKey(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional<S["Type"], S["Type"] | null>(Option.filter(Predicate.isNotNull)),
      encode: SchemaGetter.transformOptional<S["Type"] | null, S["Type"]>((value) => value),
    }),
  )

/** A field that nothing reads, so no value of it makes an event undecodable. */
const unread = <S extends Schema.Codec<unknown, unknown>>(schema: S) => {
  const isValid = Schema.is(schema)
  return Schema.optionalKey(Schema.Unknown).pipe(
    Schema.decodeTo(Schema.optionalKey(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional<S["Type"], unknown>(Option.filter(isValid)),
      encode: SchemaGetter.transformOptional<unknown, S["Type"]>((value) => value),
    }),
  )
}

const noFields = {}
/** The fields of every event. */
const base = {
  timestamp: unread(Schema.Finite),
  rawEvent: opt(Schema.Unknown),
  metadata: opt(record),
}
const attributed = { ...base, subagentRunId: opt(text) }

const event = <const Type extends string, Own extends Schema.Struct.Fields>(type: Type, own: Own) =>
  Schema.Struct({ type: Schema.Literal(type), ...attributed, ...own })

/** An event that belongs to the whole run, never to a sub-agent. */
const runEvent = <const Type extends string, Own extends Schema.Struct.Fields>(type: Type, own: Own) =>
  Schema.Struct({ type: Schema.Literal(type), ...base, ...own })

const MessageRole = Schema.Literals(["developer", "system", "assistant", "user"])

const PartSource = Schema.Union([
  Schema.Struct({ type: Schema.Literal("data"), value: text, mimeType: text }),
  Schema.Struct({ type: Schema.Literal("url"), value: text, mimeType: opt(text) }),
  Schema.Struct({ type: Schema.Literal("file"), value: text, provider: opt(text), mimeType: opt(text) }),
])
const part = <const Type extends string, Own extends Schema.Struct.Fields>(type: Type, own: Own) =>
  Schema.Struct({ type: Schema.Literal(type), id: opt(text), ...own, metadata: opt(json) })
const media = { source: PartSource }
const ContentPart = Schema.Union([
  part("text", { text }),
  part("image", media),
  part("audio", media),
  part("video", media),
  part("document", media),
])
const Content = Schema.Union([text, Schema.Array(ContentPart)])
export type Content = typeof Content.Type

const ToolCall = Schema.Struct({
  id: text,
  type: Schema.Literal("function"),
  function: Schema.Struct({ name: text, arguments: text }),
  encryptedValue: opt(text),
  metadata: opt(record),
})

const message = <const Role extends string, Own extends Schema.Struct.Fields>(role: Role, own: Own) =>
  Schema.Struct({
    id: text,
    role: Schema.Literal(role),
    ...own,
    subagentRunId: opt(text),
    metadata: opt(record),
  })
const encrypted = { encryptedValue: opt(text) }
const named = { ...encrypted, name: opt(text) }

export const Message = Schema.Union([
  message("developer", { ...named, content: text }),
  message("system", { ...named, content: text }),
  message("assistant", { ...named, content: opt(text), toolCalls: opt(Schema.Array(ToolCall)) }),
  message("user", { ...named, content: Content }),
  message("tool", { ...encrypted, content: Content, toolCallId: text, error: opt(text) }),
  message("activity", { activityType: text, content: record }),
  message("reasoning", { ...encrypted, content: text }),
])
export type Message = typeof Message.Type
export type ToolCall = typeof ToolCall.Type

const pointer = { path: text }
const operation = <const Op extends string, Own extends Schema.Struct.Fields>(op: Op, own: Own) =>
  Schema.Struct({ op: Schema.Literal(op), ...pointer, ...own })
export const JsonPatch = Schema.Array(
  Schema.Union([
    operation("add", { value: json }),
    operation("remove", noFields),
    operation("replace", { value: json }),
    operation("move", { from: text }),
    operation("copy", { from: text }),
    operation("test", { value: json }),
  ]),
)
export type JsonPatch = typeof JsonPatch.Type

const ResumeEntry = Schema.Struct({
  interruptId: text,
  status: Schema.Literals(["resolved", "cancelled"]),
  payload: opt(json),
  metadata: opt(record),
})
export type ResumeEntry = typeof ResumeEntry.Type

const Tool = Schema.Struct({
  name: text,
  description: text,
  parameters: opt(json),
  metadata: opt(record),
})

export const RunAgentInput = Schema.Struct({
  threadId: text,
  runId: text,
  protocolVersion: opt(text),
  parentRunId: opt(text),
  state: opt(json),
  messages: Schema.Array(Message),
  tools: Schema.Array(Tool),
  context: Schema.Array(Schema.Struct({ description: text, value: text })),
  forwardedProps: opt(json),
  resume: opt(Schema.Array(ResumeEntry)),
})
export type RunAgentInput = typeof RunAgentInput.Type

const AgentInterrupt = Schema.Struct({
  subagentRunId: opt(text),
  id: text,
  reason: text,
  message: opt(text),
  toolCallId: opt(text),
  responseSchema: opt(record),
  expiresAt: opt(text),
  metadata: opt(record),
})
export type AgentInterrupt = typeof AgentInterrupt.Type

const Outcome = Schema.Union([
  Schema.Struct({ type: Schema.Literal("success"), pendingToolCallIds: opt(Schema.Array(text)) }),
  Schema.Struct({ type: Schema.Literal("interrupt"), interrupts: Schema.Array(AgentInterrupt) }),
  Schema.Struct({ type: Schema.Literal("cancelled") }),
])

const SubagentOutcome = Schema.Union([
  Schema.Struct({ type: Schema.Literal("success") }),
  Schema.Struct({ type: Schema.Literal("suspended"), interruptIds: opt(Schema.Array(text)) }),
])

const count = opt(Schema.Finite)
const TokenUsage = Schema.Struct({
  provider: opt(text),
  model: opt(text),
  inputTokens: count,
  outputTokens: count,
  totalTokens: count,
  reasoningTokens: count,
  cachedInputTokens: count,
  cacheWriteInputTokens: count,
})
/** A bad figure never fails an answer. */
const usage = unread(Schema.Array(TokenUsage))

const inMessage = { messageId: text }
const inCall = { toolCallId: text }
const step = { stepName: text }
const inSubagent = { subagentRunId: text }

export const AgUiEvent = Schema.Union([
  event("TEXT_MESSAGE_START", { ...inMessage, role: opt(MessageRole), name: opt(text) }),
  event("TEXT_MESSAGE_CONTENT", { ...inMessage, delta: text }),
  event("TEXT_MESSAGE_END", inMessage),
  event("TEXT_MESSAGE_CHUNK", {
    messageId: opt(text),
    role: opt(MessageRole),
    delta: opt(text),
    name: opt(text),
  }),
  event("TOOL_CALL_START", { ...inCall, toolCallName: text, parentMessageId: opt(text) }),
  event("TOOL_CALL_ARGS", { ...inCall, delta: text }),
  event("TOOL_CALL_END", inCall),
  event("TOOL_CALL_CHUNK", {
    toolCallId: opt(text),
    toolCallName: opt(text),
    parentMessageId: opt(text),
    delta: opt(text),
  }),
  event("TOOL_CALL_RESULT", { ...inMessage, ...inCall, content: Content, role: opt(Schema.Literal("tool")) }),
  event("STATE_SNAPSHOT", { snapshot: json }),
  event("STATE_DELTA", { delta: JsonPatch }),
  runEvent("MESSAGES_SNAPSHOT", { messages: Schema.Array(Message) }),
  event("ACTIVITY_SNAPSHOT", {
    ...inMessage,
    activityType: text,
    content: record,
    replace: opt(Schema.Boolean),
  }),
  event("ACTIVITY_DELTA", { ...inMessage, activityType: text, patch: JsonPatch }),
  event("RAW", { event: Schema.Unknown, source: opt(text) }),
  event("CUSTOM", { name: text, value: json }),
  runEvent("RUN_STARTED", {
    threadId: text,
    runId: text,
    protocolVersion: opt(text),
    parentRunId: opt(text),
    input: unread(RunAgentInput),
  }),
  runEvent("RUN_FINISHED", {
    threadId: text,
    runId: text,
    result: opt(json),
    outcome: opt(Outcome),
    usage,
  }),
  runEvent("RUN_ERROR", { message: text, code: opt(text), usage }),
  event("STEP_STARTED", step),
  event("STEP_FINISHED", step),
  event("REASONING_START", inMessage),
  event("REASONING_MESSAGE_START", { ...inMessage, role: Schema.Literal("reasoning") }),
  event("REASONING_MESSAGE_CONTENT", { ...inMessage, delta: text }),
  event("REASONING_MESSAGE_END", inMessage),
  event("REASONING_MESSAGE_CHUNK", { messageId: opt(text), delta: opt(text) }),
  event("REASONING_END", inMessage),
  event("REASONING_ENCRYPTED_VALUE", {
    subtype: Schema.Literals(["tool-call", "message"]),
    entityId: text,
    encryptedValue: text,
  }),
  runEvent("SUBAGENT_STARTED", {
    ...inSubagent,
    name: text,
    description: opt(text),
    parentSubagentRunId: opt(text),
    parentToolCallId: opt(text),
    parentMessageId: opt(text),
  }),
  runEvent("SUBAGENT_FINISHED", { ...inSubagent, result: opt(json), outcome: opt(SubagentOutcome) }),
  runEvent("SUBAGENT_ERROR", { ...inSubagent, message: text, code: opt(text) }),
])
export type AgUiEvent = typeof AgUiEvent.Type
export type EventOf<Type extends AgUiEvent["type"]> = Extract<AgUiEvent, { readonly type: Type }>

export const eventTypes: ReadonlySet<string> = new Set(
  AgUiEvent.members.map((member) => member.fields.type.literal),
)

/** Decodes the most frequent event by hand: the schema's result at a tenth of the cost. */
export const textContent = (json: unknown): AgUiEvent | undefined => {
  if (!Predicate.hasProperty(json, "type") || json.type !== "TEXT_MESSAGE_CONTENT") return undefined
  if (!Predicate.hasProperty(json, "messageId") || !Predicate.hasProperty(json, "delta")) return undefined
  if (Predicate.hasProperty(json, "subagentRunId")) return undefined
  const { delta, messageId, type } = json
  return typeof delta === "string" && typeof messageId === "string" ? { type, messageId, delta } : undefined
}
