/** The Messages wire of Anthropic: builds the request and reads the events of an answer. */
import type { DirectProvider } from "../../domain/DirectProvider.ts"
import { isBlank as isBlankText, type PromptMessage } from "../../domain/History.ts"
import type { Turn } from "../Executor.ts"
import { filesOf, type LoadedFile } from "../files/AttachmentRules.ts"
import { type Files, textOf as fileText } from "../files/PromptContent.ts"
import type { Reader } from "./AnswerDecoder.ts"
import type { DirectAnswer } from "./DirectAnswer.ts"
import { isBlank, type JsonRecord, recordOf, recordsOf, textOf } from "./JsonRead.ts"
import { maxTokensFor, temperatureFor } from "./ProviderRequest.ts"

/** The wire requires a limit. Every model that Anthropic still serves allows this one. */
const defaultMaxTokens = 8192

export const path = () => "/messages"
export const headers = { "anthropic-version": "2023-06-01" }

/** The wire refuses blank texts, so the name of an empty file stands alone. */
const fileBlock = (file: LoadedFile) => {
  const { content, filename, kind, mediaType } = file
  if (kind === "text" && isBlankText(content)) return { type: "text", text: fileText(file) }
  const source =
    kind === "text"
      ? { type: "text", media_type: "text/plain", data: content }
      : { type: "base64", media_type: mediaType, data: content }
  return kind === "image"
    ? { type: "image", source }
    : { type: "document", source, title: filename.toWellFormed() }
}

const messageOf = (files: Files, message: PromptMessage) => {
  const { content, role } = message
  const blocks = filesOf(files, message).map(fileBlock)
  if (blocks.length === 0) return { role, content }
  return { role, content: [...blocks, ...(isBlankText(content) ? [] : [{ type: "text", text: content }])] }
}

export const body = (settings: DirectProvider, turn: Turn, model: string) => {
  const { systemPrompt } = turn.agent.settings
  const maxTokens = maxTokensFor(settings, turn.agent.settings.maxTokens)
  const temperature = temperatureFor(settings, model, turn.agent.settings.temperature)
  return {
    model,
    ...(systemPrompt === "" ? {} : { system: systemPrompt.toWellFormed() }),
    messages: turn.history.map((message) => messageOf(turn.files, message)),
    stream: true,
    max_tokens: maxTokens ?? defaultMaxTokens,
    // Other wires go up to 2.
    ...(temperature === undefined ? {} : { temperature: Math.min(temperature, 1) }),
  }
}

/** A block of content, or a delta of one. Blocks that a reader does not see (calls, signatures) are left out. */
const onBlock = (answer: DirectAnswer, block: JsonRecord | undefined): void => {
  const { text, thinking, type } = block ?? {}
  if (typeof thinking === "string") answer.thinking(thinking)
  if (type === "text" || type === "text_delta") {
    if (typeof text === "string") answer.text(text)
    else if (!isBlank(text)) answer.garbled("a text of an unknown type")
  }
}

const event = (answer: DirectAnswer, json: JsonRecord, name: string): void => {
  const type = textOf(json["type"]) ?? name
  if (type === "error" || !isBlank(json["error"])) return answer.failedBy(json)
  switch (type) {
    case "message_start": {
      const message = recordOf(json["message"])
      answer.model(message?.["model"])
      return answer.usage(message?.["usage"])
    }
    case "content_block_start":
      return onBlock(answer, recordOf(json["content_block"]))
    case "content_block_delta":
      return onBlock(answer, recordOf(json["delta"]))
    case "message_delta":
      answer.usage(json["usage"])
      return answer.finish(recordOf(json["delta"])?.["stop_reason"])
    case "message_stop":
      return answer.complete()
  }
}

const whole = (answer: DirectAnswer, json: JsonRecord): void => {
  if (json["content"] === undefined) return answer.failedBy(json)
  answer.model(json["model"])
  answer.usage(json["usage"])
  for (const block of recordsOf(json["content"])) onBlock(answer, block)
  answer.finish(json["stop_reason"] ?? "end_turn")
}

export const reader: Reader = { event, whole }
