/** The Responses wire of OpenAI: builds the request and reads the events of an answer. */
import type { DirectProvider } from "../../domain/DirectProvider.ts"
import type { Turn } from "../Executor.ts"
import { responsesMessage } from "../files/PromptContent.ts"
import type { Reader } from "./AnswerDecoder.ts"
import type { DirectAnswer } from "./DirectAnswer.ts"
import { isBlank, type JsonRecord, recordOf, recordsOf, textOf } from "./JsonRead.ts"
import { maxTokensFor, temperatureFor } from "./ProviderRequest.ts"

export const path = () => "/responses"
export const headers = {}

export const body = (settings: DirectProvider, turn: Turn, model: string) => {
  const { systemPrompt } = turn.agent.settings
  const maxTokens = maxTokensFor(settings, turn.agent.settings.maxTokens)
  const temperature = temperatureFor(settings, model, turn.agent.settings.temperature)
  return {
    model,
    ...(systemPrompt === "" ? {} : { instructions: systemPrompt.toWellFormed() }),
    input: turn.history.map((message) => responsesMessage(turn.files, message)),
    stream: true,
    // The gateway alone stores the conversation.
    store: false,
    ...(maxTokens === undefined ? {} : { max_output_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
  }
}

/** The end repeats the whole answer. Its text counts if no delta had any. */
const onOutput = (answer: DirectAnswer, response: JsonRecord): void => {
  if (answer.hasText) return
  const parts = recordsOf(response["output"]).flatMap((item) => recordsOf(item["content"]))
  for (const { refusal, text, type } of parts) {
    if (textOf(refusal) !== undefined) answer.refuse()
    if (type === "output_text" || type === "text") answer.text(textOf(text) ?? "")
  }
}

/** The response at the end of the stream, or the whole body. */
const onEnd = (answer: DirectAnswer, response: JsonRecord, status: unknown): void => {
  answer.usage(response["usage"])
  answer.model(response["model"])
  if (!isBlank(response["error"])) return answer.failedBy({ error: response["error"] })
  onOutput(answer, response)
  const reason = recordOf(response["incomplete_details"])?.["reason"]
  answer.finish(status === "incomplete" ? (textOf(reason) ?? "other") : (textOf(status) ?? "completed"))
  answer.complete()
}

const statuses: Readonly<Record<string, string>> = {
  "response.completed": "completed",
  "response.done": "completed",
  "response.incomplete": "incomplete",
  "response.failed": "failed",
  "response.cancelled": "cancelled",
}

const thoughts = new Set([
  "response.reasoning_text.delta",
  "response.reasoning_summary_text.delta",
  "response.reasoning.delta",
])

const event = (answer: DirectAnswer, json: JsonRecord, name: string): void => {
  const type = textOf(json["type"]) ?? name
  const response = recordOf(json["response"]) ?? {}
  const status = statuses[type]
  if (status !== undefined) return onEnd(answer, response, textOf(response["status"]) ?? status)
  if (type === "error" || !isBlank(json["error"])) return answer.failedBy(json)
  answer.model(response["model"])
  if (type === "response.output_text.delta") return onDelta(answer, json["delta"])
  if (thoughts.has(type)) return answer.thinking(textOf(json["delta"]) ?? "")
  if (type === "response.refusal.delta" || type === "response.refusal.done") answer.refuse()
}

const onDelta = (answer: DirectAnswer, delta: unknown): void => {
  if (typeof delta === "string") return answer.text(delta)
  if (!isBlank(delta)) answer.garbled("a text of an unknown type")
}

const whole = (answer: DirectAnswer, json: JsonRecord): void => {
  if (json["output"] === undefined && isBlank(json["error"])) return answer.failedBy(json)
  onEnd(answer, json, json["status"])
}

export const reader: Reader = { event, whole }
