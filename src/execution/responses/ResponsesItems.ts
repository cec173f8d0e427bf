/**
 * Maps the items of a response to calls, results and interrupts. Pure. An item is a call if its type ends in `_call`,
 * with the prefix of a vendor or without. A call with a `call_id` gets its result as an item of its own, from the server or
 * from the client; any other call contains its result.
 */
import * as Schema from "effect/Schema"
import { draft, type Draft, type ValidDraft } from "../../protocol/agent2ui/Message.ts"
import type { Interrupt } from "../../domain/Interrupt.ts"
import { isRecord, type JsonRecord, recordOf, textOf } from "../direct/JsonRead.ts"
import * as RuntimeJson from "../runtime/RuntimeJson.ts"

type Arguments = Readonly<Record<string, Schema.Json>>

const isJson = Schema.is(Schema.Json)
const isArguments = Schema.is(Schema.Record(Schema.String, Schema.Json))

export const typeOf = (item: JsonRecord): string => textOf(item["type"]) ?? ""
export const isCall = (item: JsonRecord): boolean => typeOf(item).endsWith("_call")
export const isOutput = (item: JsonRecord): boolean => typeOf(item).endsWith("_call_output")
export const isApproval = (item: JsonRecord): boolean => typeOf(item) === "mcp_approval_request"

/** The id that pairs a call with its result. */
export const callIdOf = (item: JsonRecord): string | undefined => textOf(item["call_id"])

const isMcp = (item: JsonRecord): boolean => typeOf(item) === "mcp_call"

/** `web_search_call` is the tool `web_search`. */
const toolNameOf = (item: JsonRecord): string =>
  textOf(item["name"]) ??
  (typeOf(item)
    .replace(/^.*:/, "")
    .replace(/_call(_output)?$/, "") ||
    "tool")

/** A text with JSON of several values is that JSON; any other text stays a text. */
const resultOf = (value: unknown): Schema.Json => {
  if (typeof value !== "string") return isJson(value) ? value : null
  if (!/^\s*[[{]/.test(value)) return value
  const parsed = parsedJson(value)
  return isJson(parsed) ? parsed : value
}

const parsedJson = (text: string): unknown => {
  try {
    return RuntimeJson.parse(text)
  } catch {
    return undefined
  }
}

/** Agent2UI requires named arguments; a value without a name becomes `value`. */
const named = (value: unknown): Arguments => (isArguments(value) ? value : isJson(value) ? { value } : {})

/** Fields of an item that are no arguments of its call. */
const ownFields = new Set([
  "type",
  "id",
  "call_id",
  "status",
  "name",
  "output",
  "outputs",
  "result",
  "results",
  "error",
  "server_label",
  "container_id",
])

const argumentsOf = (item: JsonRecord): Arguments => {
  const { action, arguments: args, input } = item
  if (args === "") return {}
  if (typeof args === "string") return named(parsedJson(args) ?? args)
  if (args !== undefined && args !== null) return named(args)
  if (typeof input === "string") return { input }
  if (isRecord(action)) return named(withoutNulls({ ...action, sources: undefined }))
  return named(
    withoutNulls(Object.fromEntries(Object.entries(item).filter(([name]) => !ownFields.has(name)))),
  )
}

const withoutNulls = (fields: JsonRecord): JsonRecord =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))

const nameOf = (item: JsonRecord) => ({ toolName: toolNameOf(item) })
const mcpOf = (item: JsonRecord) => ({ serverId: textOf(item["server_label"]) ?? "", ...nameOf(item) })

export const callDraft = (item: JsonRecord, callId: string): ValidDraft => {
  const call = { arguments: argumentsOf(item), status: "calling" as const }
  const made: Draft = isMcp(item)
    ? { type: "mcp_call", data: { ...mcpOf(item), ...call } }
    : { type: "tool_call", data: { ...nameOf(item), ...call } }
  return draft({ ...made, metadata: { callId } })
}

/** The error of a failed call may contain hosts, keys or SQL, so users get a sentence of the gateway. */
const outcome = (result: Schema.Json, failed: boolean, error: string) =>
  failed ? { result: null, success: false, error } : { result, success: true }

/** The result of `call`. `failed`: the server reports or implies that the call has none. */
export const resultDraft = (
  call: JsonRecord,
  callId: string,
  value: unknown,
  failed: boolean,
): ValidDraft => {
  const result = resultOf(value)
  const made: Draft = isMcp(call)
    ? { type: "mcp_result", data: { ...mcpOf(call), ...outcome(result, failed, "The MCP tool failed.") } }
    : { type: "tool_result", data: { ...nameOf(call), ...outcome(result, failed, "The tool failed.") } }
  return draft({ ...made, metadata: { callId } })
}

/** The result inside a call: the field differs by type. */
export const valueIn = (call: JsonRecord): unknown =>
  call["output"] ?? call["outputs"] ?? call["results"] ?? recordOf(call["action"])?.["sources"] ?? null

const hasFailed = (item: JsonRecord): boolean =>
  ["failed", "incomplete", "cancelled"].includes(textOf(item["status"]) ?? "")

/** A call or an output of a call that reports its failure. */
export const isFailure = (item: JsonRecord): boolean =>
  hasFailed(item) || (item["error"] !== undefined && item["error"] !== null)

/** Characters in base64. */
const longestImage = 1024 * 1024

/** The image of an image generation. Undefined: the item has none, or a larger one. */
export const imageDraft = (item: JsonRecord): ValidDraft | undefined => {
  const { output_format, result } = item
  const base64 = typeOf(item) === "image_generation_call" ? textOf(result) : undefined
  if (base64 === undefined || base64.length > longestImage) return undefined
  const format = typeof output_format === "string" && /^[a-z]+$/.test(output_format) ? output_format : "png"
  return draft({ type: "image", data: { url: `data:image/${format};base64,${base64}` } })
}

const questionIn = (fields: JsonRecord): string | undefined =>
  textOf(fields["question"]) ?? textOf(fields["message"]) ?? textOf(fields["value"])

/** A call that the server leaves to the client. Its arguments may contain a question. */
export const callInterrupt = (call: JsonRecord, interruptId: string): Interrupt => {
  const args = argumentsOf(call)
  const message = questionIn(args) ?? questionIn(recordOf(args["value"]) ?? {})
  return {
    interruptId,
    reason: "tool_call",
    ...(message === undefined ? {} : { message }),
    toolName: toolNameOf(call),
    arguments: args,
  }
}

const approvalSchema = {
  type: "object",
  properties: { approve: { type: "boolean" }, reason: { type: "string" } },
  required: ["approve"],
}

export const approvalInterrupt = (item: JsonRecord, interruptId: string): Interrupt => ({
  interruptId,
  reason: "mcp_approval_request",
  message: `Approve ${toolNameOf(item)}${textOf(item["server_label"]) === undefined ? "" : ` of ${textOf(item["server_label"])}`}?`,
  toolName: toolNameOf(item),
  arguments: argumentsOf(item),
  responseSchema: approvalSchema,
})

/** The fields of an item that its answer needs, and a request that repeats it. */
const repeated = ["type", "id", "call_id", "name", "arguments", "input", "action", "server_label"]

export const waitingItem = (item: JsonRecord): Arguments =>
  named(withoutNulls(Object.fromEntries(repeated.map((name) => [name, item[name]]))))
