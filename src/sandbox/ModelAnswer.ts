/**
 * The answers of the sandbox model, and their shapes in OpenAI's chat completions: chunks, usage, errors. Pure; the
 * field names are those of OpenAI's API reference ("Chat Completions").
 */
import * as Schema from "effect/Schema"
import { quoted, spoken } from "./Prose.ts"

export const modelId = "sandbox-model"

const Part = Schema.Struct({ type: Schema.String, text: Schema.optional(Schema.String) })

const Message = Schema.Struct({
  role: Schema.String,
  content: Schema.optional(Schema.NullOr(Schema.Union([Schema.String, Schema.Array(Part)]))),
})

/** The fields of `POST /v1/chat/completions` that the sandbox reads. */
export const CompletionBody = Schema.Struct({
  model: Schema.String,
  messages: Schema.NonEmptyArray(Message),
  stream: Schema.optional(Schema.NullOr(Schema.Boolean)),
  stream_options: Schema.optional(
    Schema.NullOr(Schema.Struct({ include_usage: Schema.optional(Schema.NullOr(Schema.Boolean)) })),
  ),
})
export type CompletionBody = typeof CompletionBody.Type

/** One completion, before it becomes one object or many chunks. */
export interface Completion {
  readonly id: string
  readonly createdSeconds: number
  readonly model: string
  readonly text: string
  readonly deltas: ReadonlyArray<string>
  readonly usage: {
    readonly prompt_tokens: number
    readonly completion_tokens: number
    readonly total_tokens: number
  }
}

const textOf = ({ content }: typeof Message.Type): string =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("")

const answerTo = (message: string): string => `You wrote:

${quoted(message)}

**This answer was written by the sandbox model (direct mode)**: no plan, no tools, only text. You see it when a turn is decided for direct mode, or when the runtime could not answer and the turn fell back. Fix the runtime and the turns go back to it by themselves. Voilà ✓
`

/** Four characters per token: the usual rule of thumb, so that the figures look plausible. */
const tokens = (text: string): number => Math.ceil(text.length / 4)

export const complete = (body: CompletionBody, id: string, createdSeconds: number): Completion => {
  const question = body.messages.findLast((message) => message.role === "user") ?? body.messages[0]
  const text = answerTo(textOf(question))
  const prompt = body.messages.reduce((sum, message) => sum + tokens(textOf(message)), 0)
  const usage = {
    prompt_tokens: prompt,
    completion_tokens: tokens(text),
    total_tokens: prompt + tokens(text),
  }
  return { id, createdSeconds, model: body.model, text, deltas: spoken(text, 2), usage }
}

/** The chunks of a streamed completion, in order. */
export const chunks = (
  completion: Completion,
  includeUsage: boolean,
): ReadonlyArray<Record<string, unknown>> => {
  const chunk = (choices: ReadonlyArray<unknown>, usage: Completion["usage"] | null) => ({
    id: completion.id,
    object: "chat.completion.chunk",
    created: completion.createdSeconds,
    model: completion.model,
    choices,
    // With include_usage every chunk has the field, null except in the last; without it none has.
    ...(includeUsage ? { usage } : {}),
  })
  const choice = (delta: Record<string, unknown>, finish_reason: string | null) =>
    chunk([{ index: 0, delta, finish_reason }], null)
  return [
    choice({ role: "assistant", content: "" }, null),
    ...completion.deltas.map((content) => choice({ content }, null)),
    choice({}, "stop"),
    ...(includeUsage ? [chunk([], completion.usage)] : []),
  ]
}

/** A completion that is not streamed. */
export const whole = (completion: Completion): Record<string, unknown> => ({
  id: completion.id,
  object: "chat.completion",
  created: completion.createdSeconds,
  model: completion.model,
  choices: [{ index: 0, message: { role: "assistant", content: completion.text }, finish_reason: "stop" }],
  usage: completion.usage,
})

export const failure = (
  type: string,
  message: string,
  param: string | null = null,
): Record<string, unknown> => ({
  error: { message, type, param, code: null },
})
