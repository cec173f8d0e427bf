/**
 * The body of `POST /v1/chat/completions`. A field that changes the meaning of the answer and cannot be honoured is refused; the
 * agent's own settings replace the others. `docs/reference/openai.md` lists every field.
 */
import * as Schema from "effect/Schema"
import { InputMessage, type Issue, issuesOf, listOf } from "./OpenAiMessages.ts"

/** Python's client sends null for a field that is not set. */
const opt = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** The longest name of an agent, and the prefix of an id. */
export const ModelId = Schema.String.check(Schema.isBetweenLength(1, 250))

const Typed = Schema.Struct({ type: Schema.String })

const fields = {
  model: ModelId,
  messages: listOf(InputMessage, 10_000),
  stream: opt(Schema.Boolean),
  stream_options: opt(Schema.Struct({ include_usage: opt(Schema.Boolean) })),
  n: opt(Schema.Int),
  stop: opt(Schema.Union([Schema.String, listOf(Schema.String)])),
  tools: opt(listOf(Schema.Json)),
  tool_choice: Schema.optionalKey(Schema.Json),
  functions: opt(listOf(Schema.Json)),
  function_call: Schema.optionalKey(Schema.Json),
  response_format: opt(Typed),
  logprobs: opt(Schema.Boolean),
  top_logprobs: opt(Schema.Int),
  logit_bias: opt(Schema.Record(Schema.String, Schema.Finite)),
  modalities: opt(listOf(Schema.String)),
  audio: Schema.optionalKey(Schema.Json),
  web_search_options: Schema.optionalKey(Schema.Json),
}
const ChatFields = Schema.Struct(fields)
type ChatFields = typeof ChatFields.Type

const isChoice = (choice: unknown): boolean =>
  choice === undefined || choice === null || choice === "none" || choice === "auto"
const isEmpty = (list: ReadonlyArray<unknown> | string | null | undefined): boolean =>
  (list ?? "").length === 0
const ownTools = "Expected none: agents use only their own tools"

/** Each field that may be present only with a value that changes nothing. */
const limits: ReadonlyArray<readonly [keyof ChatFields, (body: ChatFields) => boolean, string]> = [
  ["n", ({ n }) => (n ?? 1) === 1, "Expected 1: an agent gives one answer"],
  ["stop", ({ stop }) => isEmpty(stop), "Expected none: an agent's answer has no stop sequences"],
  ["tools", ({ tools }) => isEmpty(tools), ownTools],
  ["tool_choice", ({ tool_choice }) => isChoice(tool_choice), ownTools],
  ["functions", ({ functions }) => isEmpty(functions), ownTools],
  ["function_call", ({ function_call }) => isChoice(function_call), ownTools],
  [
    "response_format",
    ({ response_format }) => (response_format?.type ?? "text") === "text",
    "Expected the type text: an agent's answer follows no schema",
  ],
  ["logprobs", ({ logprobs }) => logprobs !== true, "Expected false: no probabilities are known"],
  ["top_logprobs", ({ top_logprobs }) => (top_logprobs ?? 0) === 0, "Expected 0: no probabilities are known"],
  [
    "logit_bias",
    ({ logit_bias }) => Object.keys(logit_bias ?? {}).length === 0,
    "Expected none: an agent's model has its own tokens",
  ],
  [
    "modalities",
    ({ modalities }) => (modalities ?? []).every((modality) => modality === "text"),
    "Expected only text",
  ],
  ["audio", ({ audio }) => (audio ?? null) === null, "Expected none: agents answer with text"],
  ["web_search_options", (body) => (body.web_search_options ?? null) === null, ownTools],
]

const chatIssues = (body: ChatFields): ReadonlyArray<Issue> => [
  ...limits.flatMap(([field, holds, issue]) => (holds(body) ? [] : [{ path: [field], issue }])),
  ...issuesOf("messages", body.messages),
]

export const ChatRequest = ChatFields.check(Schema.makeFilter(chatIssues))
export type ChatRequest = typeof ChatRequest.Type
