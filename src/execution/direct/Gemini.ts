/** The wire of Google's Gemini: builds the request and reads the chunks of an answer. */
import type { DirectProvider } from "../../domain/DirectProvider.ts"
import type { PromptMessage } from "../../domain/History.ts"
import type { Turn } from "../Executor.ts"
import type { LoadedFile } from "../files/AttachmentRules.ts"
import { contentOf, type Files } from "../files/PromptContent.ts"
import type { Reader } from "./AnswerDecoder.ts"
import type { DirectAnswer } from "./DirectAnswer.ts"
import { isBlank, type JsonRecord, recordOf, recordsOf } from "./JsonRead.ts"
import { maxTokensFor, temperatureFor } from "./ProviderRequest.ts"

export const headers = {}

const contentParts = {
  file: ({ content, mediaType }: LoadedFile) => ({ inlineData: { mimeType: mediaType, data: content } }),
  text: (text: string) => ({ text }),
} as const

const partsOf = (files: Files, message: PromptMessage) => {
  const content = contentOf<object>(files, message, contentParts)
  return typeof content === "string" ? [{ text: content }] : content
}

export const body = (settings: DirectProvider, turn: Turn, model: string) => {
  const { systemPrompt } = turn.agent.settings
  const maxTokens = maxTokensFor(settings, turn.agent.settings.maxTokens)
  const temperature = temperatureFor(settings, model, turn.agent.settings.temperature)
  return {
    ...(systemPrompt === "" ? {} : { systemInstruction: { parts: [{ text: systemPrompt.toWellFormed() }] } }),
    contents: turn.history.map((message) => ({
      role: message.role === "assistant" ? "model" : "user",
      parts: partsOf(turn.files, message),
    })),
    generationConfig: {
      ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
    },
  }
}

/**
 * `models/x`, `tunedModels/x`, or the name alone. Encoded and never a dot segment, since an agent may set the model.
 * Half a surrogate pair becomes a replacement character, because `encodeURIComponent` throws for it.
 */
export const path = (model: string): string => {
  const segments = (model.includes("/") ? model : `models/${model}`).toWellFormed().split("/")
  const encoded = segments
    .map((segment) => (/^\.+$/.test(segment) ? "_" : encodeURIComponent(segment)))
    .join("/")
  return `/${encoded}:streamGenerateContent?alt=sse`
}

const onPart = (answer: DirectAnswer, { text, thought }: JsonRecord): void => {
  if (typeof text !== "string") {
    if (!isBlank(text)) answer.garbled("a text of an unknown type")
    return
  }
  if (thought === true) answer.thinking(text)
  else answer.text(text)
}

const isBlocked = (reason: unknown): boolean =>
  typeof reason === "string" && !isBlank(reason) && !/unspecified$/i.test(reason)

const event = (answer: DirectAnswer, json: JsonRecord): void => {
  if (!isBlank(json["error"])) return answer.failedBy(json)
  answer.model(json["modelVersion"])
  answer.usage(json["usageMetadata"])
  if (isBlocked(recordOf(json["promptFeedback"])?.["blockReason"])) return answer.finish("blocked")
  const candidates = recordsOf(json["candidates"])
  const candidate = candidates.find(({ index }) => (index ?? 0) === 0)
  if (candidate === undefined) return
  for (const part of recordsOf(recordOf(candidate["content"])?.["parts"])) onPart(answer, part)
  answer.finish(candidate["finishReason"])
}

export const reader: Reader = { event, whole: event }
