/** The wire of an OpenAI-compatible model: what is asked, and what of its stream's chunks is looked at. */
import * as Schema from "effect/Schema"
import type { DirectProvider } from "../../domain/DirectProvider.ts"
import type { Turn } from "../Executor.ts"
import { chatFields } from "./ProviderRequest.ts"

const opt = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const Choice = Schema.Struct({
  delta: opt(
    Schema.Struct({
      content: opt(Schema.String),
      /** Two names for the same: DeepSeek's, and OpenRouter's. */
      reasoning_content: opt(Schema.String),
      reasoning: opt(Schema.String),
    }),
  ),
  finish_reason: opt(Schema.String),
})

/** Others than the first choice are not asked for. `error`: some answer with one in the middle of a stream. */
export const Chunk = Schema.Struct({
  choices: opt(Schema.Array(Choice)),
  usage: opt(Schema.Struct({ prompt_tokens: opt(Schema.Finite), completion_tokens: opt(Schema.Finite) })),
  error: opt(Schema.Unknown),
})
export type Chunk = typeof Chunk.Type

export const bodyOf = (turn: Turn, model: string, provider: DirectProvider) => {
  const { systemPrompt } = turn.agent.settings
  const system = systemPrompt === "" ? [] : [{ role: "system", content: systemPrompt.toWellFormed() }]
  return {
    model,
    messages: [...system, ...turn.history],
    stream: true,
    ...chatFields(provider, model, turn.agent.settings),
  }
}
