/**
 * The Chat Completions wire of OpenAI: builds the request and reads the chunks of an answer. Most providers and all
 * self-hosted models use it, each with its own differences.
 */
import type { DirectProvider } from "../../domain/DirectProvider.ts"
import type { Turn } from "../Executor.ts"
import { chatMessage } from "../files/PromptContent.ts"
import type { Reader } from "./AnswerDecoder.ts"
import type { DirectAnswer } from "./DirectAnswer.ts"
import { isBlank, type JsonRecord, listOf, recordOf, recordsOf, textOf } from "./JsonRead.ts"
import { chatFields } from "./ProviderRequest.ts"
import { baseResp } from "./ProviderRefusal.ts"

export const path = () => "/chat/completions"
export const headers = {}

export const body = (settings: DirectProvider, turn: Turn, model: string) => {
  const { systemPrompt } = turn.agent.settings
  return {
    model,
    messages: [
      ...(systemPrompt === "" ? [] : [{ role: "system", content: systemPrompt.toWellFormed() }]),
      ...turn.history.map((message) => chatMessage(turn.files, message)),
    ],
    stream: true,
    ...chatFields(settings, model, turn.agent.settings),
  }
}

/** One part of a content in parts, as Mistral sends it. Parts without text are left out. */
const onPart = (answer: DirectAnswer, part: unknown): void => {
  if (typeof part === "string") return answer.text(part)
  const { refusal, text, thinking } = recordOf(part) ?? {}
  if (textOf(refusal) !== undefined) return answer.refuse()
  for (const thought of typeof thinking === "string" ? [thinking] : listOf(thinking))
    answer.thinking(textOf(thought) ?? textOf(recordOf(thought)?.["text"]) ?? "")
  if (typeof text === "string") answer.text(text)
}

const onContent = (answer: DirectAnswer, content: unknown): void => {
  if (typeof content === "string") return answer.text(content)
  if (isBlank(content)) return
  if (typeof content !== "object") return answer.garbled("a content of an unknown type")
  for (const part of Array.isArray(content) ? listOf(content) : [content]) onPart(answer, part)
}

/** DeepSeek, OpenRouter and vLLM name this field differently. Some send it under several names. */
const thoughtsOf = (delta: JsonRecord): ReadonlyArray<string> => {
  const { reasoning, reasoning_content, reasoning_details } = delta
  const thought = textOf(reasoning_content) ?? textOf(reasoning) ?? textOf(recordOf(reasoning)?.["content"])
  if (thought !== undefined) return [thought]
  const details = recordsOf(reasoning_details)
  return details.length === 0
    ? []
    : details.map((detail) => textOf(detail["text"]) ?? textOf(detail["summary"]) ?? "")
}

const onDelta = (answer: DirectAnswer, delta: JsonRecord): void => {
  for (const thought of thoughtsOf(delta)) answer.thinking(thought)
  onContent(answer, delta["content"])
  if (textOf(delta["refusal"]) !== undefined) answer.refuse()
}

/**
 * Text arrives in `delta`, in `message` or in `text`; the first field with text counts. Some servers repeat the whole
 * text in another field at the end.
 */
const onChoice = (answer: DirectAnswer, choice: JsonRecord): void => {
  for (const field of ["delta", "message"]) {
    const delta = recordOf(choice[field])
    if (delta === undefined || isBlank(delta["content"] ?? delta["refusal"] ?? thoughtsOf(delta).join("")))
      continue
    answer.field ??= field
    if (answer.field === field) onDelta(answer, delta)
  }
  const text = textOf(choice["text"])
  if (text !== undefined && (answer.field ??= "text") === "text") answer.text(text)
  answer.usage(choice["usage"])
  // Gemini uses both spellings.
  answer.finish(textOf(choice["finish_reason"]) ?? choice["finishReason"])
}

/** The request asks for one choice. If a server sends several, the first one counts. */
const choiceOf = (answer: DirectAnswer, json: JsonRecord): JsonRecord | undefined => {
  const choices = recordsOf(json["choices"])
  if (answer.choice === undefined) answer.choice = choices[0]?.["index"] ?? (choices[0] && 0)
  return choices.find(({ index }) => (index ?? 0) === answer.choice)
}

/** An error that is not in a field named `error`. */
const isBareError = ({ choices, code, message, msg, object }: JsonRecord, name: string): boolean =>
  choices === undefined &&
  (name === "error" ||
    object === "error" ||
    (textOf(message ?? msg) !== undefined && !isBlank(code) && Number(code) !== 200))

const isError = (json: JsonRecord, name: string): boolean =>
  !isBlank(json["error"]) || baseResp(json) !== undefined || isBareError(json, name)

const event = (answer: DirectAnswer, json: JsonRecord, name: string): void => {
  if (isError(json, name)) return answer.failedBy(json)
  answer.model(json["model"])
  const groq = recordOf(json["x_groq"])
  if (!isBlank(groq?.["error"])) return answer.failedBy({ error: groq?.["error"] })
  answer.usage(groq?.["usage"])
  answer.usage(json["usage"])
  const choice = choiceOf(answer, json)
  if (choice === undefined) return
  if (!isBlank(choice["error"])) return answer.failedBy({ error: choice["error"] })
  onChoice(answer, choice)
}

const whole = (answer: DirectAnswer, json: JsonRecord): void => {
  if (json["choices"] === undefined && json["error"] === undefined) return answer.failedBy(json)
  event(answer, json, "")
  if (answer.hasText && answer.finishes === 0) answer.finish("stop")
}

export const reader: Reader = { event, whole, doneIsEnd: true }
