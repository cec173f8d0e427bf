/** Reads the events of the Responses API. Unknown events are skipped. */
import type { FinishReason } from "../../domain/Outcome.ts"
import type { Reader } from "../direct/AnswerDecoder.ts"
import { isBlank, type JsonRecord, recordOf, recordsOf, textOf } from "../direct/JsonRead.ts"
import { UpstreamCancelled } from "../ExecutionError.ts"
import * as RuntimeJson from "../runtime/RuntimeJson.ts"
import type { ResponsesAnswer } from "./ResponsesAnswer.ts"
import * as ResponsesItems from "./ResponsesItems.ts"
import { upstream } from "./ResponsesRefusal.ts"

/** Characters. The last event repeats the whole response with the outputs of its calls. */
const maxEventSize = 8 * 1024 * 1024

/** The same for all events of an item. */
const keyOf = (json: JsonRecord, item: JsonRecord = {}): string =>
  textOf(json["item_id"]) ??
  textOf(item["id"]) ??
  textOf(item["call_id"]) ??
  `#${JSON.stringify(json["output_index"])}`

const textsIn = (value: unknown): string => {
  const texts = recordsOf(value).map(({ text }) => text)
  return texts.filter((text) => typeof text === "string").join("")
}

const messageDone = (answer: ResponsesAnswer, key: string, item: JsonRecord): void => {
  if (item["role"] !== undefined && item["role"] !== "assistant") return
  if (recordsOf(item["content"]).some(({ refusal }) => textOf(refusal) !== undefined)) return answer.refuse()
  answer.message(key, textsIn(item["content"]))
}

const itemDone = (answer: ResponsesAnswer, key: string, item: JsonRecord): void => {
  const type = ResponsesItems.typeOf(item)
  if (type === "message") return messageDone(answer, key, item)
  if (type === "reasoning") return answer.thought(key, textsIn(item["summary"]) || textsIn(item["content"]))
  if (ResponsesItems.isApproval(item)) return answer.approval(item)
  if (ResponsesItems.isOutput(item)) return answer.outputDone(item)
  if (ResponsesItems.isCall(item)) answer.callDone(key, item)
}

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ["max_output_tokens", "length"],
  ["content_filter", "content_filter"],
])

const statuses: ReadonlyMap<string, string> = new Map([
  ["response.completed", "completed"],
  ["response.done", "completed"],
  ["response.incomplete", "incomplete"],
  ["response.failed", "failed"],
  ["response.cancelled", "cancelled"],
])

const onEnd = (answer: ResponsesAnswer, response: JsonRecord, status: string): void => {
  if (status === "cancelled") return answer.failedWith(new UpstreamCancelled({ upstream }))
  if (status === "failed" || !isBlank(response["error"])) return answer.failedBy({ error: response["error"] })
  if (!answer.hasItems)
    for (const [index, item] of recordsOf(response["output"]).entries())
      itemDone(answer, keyOf({ output_index: index }, item), item)
  const reason = textOf(recordOf(response["incomplete_details"])?.["reason"]) ?? ""
  answer.finish({
    response,
    finishReason: status === "incomplete" ? (reasons.get(reason) ?? "other") : "stop",
  })
}

const thoughts = new Set([
  "response.reasoning_text.delta",
  "response.reasoning_summary_text.delta",
  "response.reasoning.delta",
])

const callEvent =
  /^response\.(?:function_call_arguments|mcp_call_arguments|custom_tool_call_input|code_interpreter_call_code)\.(delta|done)$/

const onCall = (answer: ResponsesAnswer, json: JsonRecord, step: string | undefined): void => {
  const key = keyOf(json)
  if (step === "delta") return answer.callDelta(key, textOf(json["delta"]) ?? "")
  const { arguments: args, code, input } = json
  const fields = Object.entries({ arguments: args, code, input }).filter(([, value]) => value !== undefined)
  answer.callReady(key, Object.fromEntries(fields))
}

const event = (answer: ResponsesAnswer, json: JsonRecord, name: string): void => {
  const type = textOf(json["type"]) ?? name
  // Most events are texts, so they come first.
  if (type === "response.output_text.delta") return answer.text(textOf(json["delta"]) ?? "")
  if (thoughts.has(type)) return answer.thinking(keyOf(json), textOf(json["delta"]) ?? "")
  const response = recordOf(json["response"]) ?? {}
  const status = statuses.get(type)
  if (status !== undefined) return onEnd(answer, response, textOf(response["status"]) ?? status)
  if (type === "error" || !isBlank(json["error"])) return answer.failedBy(json)
  if (type === "response.refusal.delta" || type === "response.refusal.done") return answer.refuse()
  const call = callEvent.exec(type)
  if (call !== null) return onCall(answer, json, call[1])
  const item = recordOf(json["item"])
  if (item === undefined) return
  const key = keyOf(json, item)
  if (type === "response.output_item.added" && ResponsesItems.isCall(item)) answer.callStarted(key, item)
  if (type !== "response.output_item.done") return
  answer.hasItems = true
  itemDone(answer, key, item)
}

/** The answer of a server that does not stream. */
const whole = (answer: ResponsesAnswer, json: JsonRecord): void => {
  if (json["output"] === undefined && isBlank(json["error"])) return answer.failedBy(json)
  onEnd(answer, json, textOf(json["status"]) ?? "completed")
}

/** Servers in Python write numbers that JSON does not have. */
const parse = (text: string): { readonly json: unknown } | undefined => {
  try {
    return { json: RuntimeJson.parse(text) }
  } catch {
    return undefined
  }
}

export const reader: Reader<ResponsesAnswer> = { event, whole, maxEventSize, parse }
