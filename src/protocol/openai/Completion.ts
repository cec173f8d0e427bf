/** The objects of `POST /v1/chat/completions`: the completion, and the fields that it shares with the chunks of a stream. Pure. */
import * as Schema from "effect/Schema"
import type { FinishReason } from "../../domain/Outcome.ts"
import type { Run, RunDone } from "../../domain/Run.ts"
import type { Answer } from "./Answer.ts"

const finishReason = Schema.Literals(["stop", "length", "content_filter"])

export const Usage = Schema.Struct({
  prompt_tokens: Schema.Int,
  completion_tokens: Schema.Int,
  total_tokens: Schema.Int,
})

const head = { id: Schema.String, created: Schema.Int, model: Schema.String }

export const ChatCompletion = Schema.Struct({
  ...head,
  object: Schema.Literal("chat.completion"),
  choices: Schema.Array(
    Schema.Struct({
      index: Schema.Int,
      message: Schema.Struct({
        role: Schema.Literal("assistant"),
        content: Schema.String,
        refusal: Schema.Null,
        reasoning_content: Schema.optionalKey(Schema.String),
      }),
      logprobs: Schema.Null,
      finish_reason: finishReason,
    }),
  ),
  usage: Usage,
})

export const ChatCompletionChunk = Schema.Struct({
  ...head,
  object: Schema.Literal("chat.completion.chunk"),
  choices: Schema.Array(
    Schema.Struct({
      index: Schema.Int,
      delta: Schema.Struct({
        role: Schema.optionalKey(Schema.Literal("assistant")),
        content: Schema.optionalKey(Schema.String),
        reasoning_content: Schema.optionalKey(Schema.String),
      }),
      logprobs: Schema.Null,
      finish_reason: Schema.NullOr(finishReason),
    }),
  ),
  usage: Schema.optionalKey(Schema.NullOr(Usage)),
})

/** OpenAI has no value for other reasons. */
export const finishReasonOf = (reason: FinishReason | undefined): typeof finishReason.Type =>
  reason === "length" || reason === "content_filter" ? reason : "stop"

/** A count that the upstream does not split counts as completion tokens. */
export const usageOf = ({ inputTokens, outputTokens, tokens }: RunDone["usage"]): typeof Usage.Type => {
  const prompt = inputTokens ?? (outputTokens === undefined ? 0 : tokens - outputTokens)
  return { prompt_tokens: prompt, completion_tokens: tokens - prompt, total_tokens: tokens }
}

export const headOf = ({ createdAt, id }: Run, model: string) => ({
  id: `chatcmpl-${id}`,
  created: Math.floor(createdAt / 1000),
  model,
})

/** `requested` is the model of the request, for an upstream that does not name its own. */
export const completionOf = (
  run: Run,
  answer: Answer,
  done: RunDone,
  requested: string,
): typeof ChatCompletion.Type => {
  const { content, reasoning } = answer
  const thoughts = reasoning === "" ? {} : { reasoning_content: reasoning }
  return {
    ...headOf(run, done.model ?? requested),
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content, refusal: null, ...thoughts },
        logprobs: null,
        finish_reason: finishReasonOf(done.finishReason),
      },
    ],
    usage: usageOf(done.usage),
  }
}
