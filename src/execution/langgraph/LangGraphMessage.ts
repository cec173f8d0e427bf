/** Reads a message of a LangGraph thread, whole or as a chunk. Pure. A field of an unexpected type reads as absent. */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { FinishReason } from "../../domain/Outcome.ts"
import { finishOf } from "../direct/FinishReasons.ts"
import { type JsonRecord, listOf, recordOf, recordsOf, textOf } from "../direct/JsonRead.ts"

export interface Call {
  readonly id: string
  readonly name: string
  readonly arguments: { readonly [name: string]: Schema.Json }
}

/** A part of a call. Parts with one `index` make one call; a part without an index continues the last one. */
export interface CallChunk {
  readonly index: number | undefined
  readonly id: string | undefined
  readonly name: string
  readonly arguments: string
}

export interface ModelMessage {
  readonly kind: "model"
  readonly id: string
  /** The rest of the message follows in later chunks. */
  readonly isChunk: boolean
  readonly isLastChunk: boolean
  readonly text: string
  readonly thinking: string
  readonly calls: ReadonlyArray<Call>
  readonly callChunks: ReadonlyArray<CallChunk>
  readonly usage: JsonRecord | undefined
  readonly model: unknown
  readonly finishReason: FinishReason | undefined
}

export interface ToolMessage {
  readonly kind: "tool"
  readonly callId: string | undefined
  readonly name: string | undefined
  readonly content: Schema.Json
  readonly failed: boolean
}

export type ThreadMessage =
  | ModelMessage
  | ToolMessage
  | { readonly kind: "human" }
  | { readonly kind: "other" }

const isJson = Schema.is(Schema.Json)
const isArguments = Schema.is(Schema.Record(Schema.String, Schema.Json))

/** The text and the reasoning of a content, which is a text or a list of blocks. Providers name reasoning differently. */
const contentOf = (content: unknown): { readonly text: string; readonly thinking: string } => {
  if (typeof content === "string") return { text: content, thinking: "" }
  let text = ""
  let thinking = ""
  for (const block of listOf(content)) {
    const fields = recordOf(block)
    if (typeof block === "string") text += block
    else if (fields === undefined) continue
    else if (fields["type"] === "text" || fields["type"] === "output_text")
      text += textOf(fields["text"]) ?? ""
    else thinking += thoughtOf(fields)
  }
  return { text, thinking }
}

const thoughtOf = (block: JsonRecord): string => {
  switch (block["type"]) {
    case "thinking":
      return textOf(block["thinking"]) ?? ""
    case "reasoning":
      return (
        textOf(block["reasoning"]) ??
        recordsOf(block["summary"])
          .map((part) => textOf(part["text"]) ?? "")
          .join("")
      )
    case "reasoning_content":
      return textOf(recordOf(block["reasoning_content"])?.["text"]) ?? ""
    default:
      return ""
  }
}

const callOf = (messageId: string, call: JsonRecord, index: number): Call => ({
  id: textOf(call["id"]) ?? `${messageId}:${index}`,
  name: textOf(call["name"]) ?? "unknown",
  arguments: isArguments(call["args"]) ? call["args"] : {},
})

const chunkOf = (chunk: JsonRecord): CallChunk => ({
  index: Predicate.isNumber(chunk["index"]) ? chunk["index"] : undefined,
  id: textOf(chunk["id"]),
  name: textOf(chunk["name"]) ?? "",
  arguments: textOf(chunk["args"]) ?? "",
})

const finishReasonOf = (metadata: JsonRecord): FinishReason | undefined => {
  const finish = finishOf(metadata["finish_reason"] ?? metadata["stop_reason"])
  switch (finish?.verdict) {
    case undefined:
      return undefined
    case "length":
      return "length"
    case "filtered":
      return "content_filter"
    default:
      // A call or an unknown reason is no end of the agent's answer.
      return "stop"
  }
}

const modelMessage = (message: JsonRecord, isStreamed: boolean): ModelMessage => {
  const { additional_kwargs, chunk_position, content, response_metadata, tool_calls, usage_metadata } =
    message
  const { text, thinking } = contentOf(content)
  const id = textOf(message["id"]) ?? `?${text}`
  const metadata = recordOf(response_metadata) ?? {}
  return {
    kind: "model",
    id,
    isChunk: isStreamed,
    isLastChunk: chunk_position === "last",
    text,
    thinking: thinking === "" ? (textOf(recordOf(additional_kwargs)?.["reasoning_content"]) ?? "") : thinking,
    calls: isStreamed ? [] : recordsOf(tool_calls).map((call, index) => callOf(id, call, index)),
    callChunks: isStreamed ? recordsOf(message["tool_call_chunks"]).map(chunkOf) : [],
    usage: recordOf(usage_metadata),
    model: metadata["model_name"] ?? metadata["model"],
    finishReason: finishReasonOf(metadata),
  }
}

/** `isStreamed`: the message is an event of its own, so an `AIMessageChunk` is a part. In a state it is whole. */
export const read = (json: unknown, isStreamed: boolean): ThreadMessage => {
  const message = recordOf(json) ?? {}
  switch (message["type"]) {
    case "ai":
      return modelMessage(message, false)
    case "AIMessageChunk":
      return modelMessage(message, isStreamed)
    case "tool":
    case "ToolMessageChunk":
      return {
        kind: "tool",
        callId: textOf(message["tool_call_id"]),
        name: textOf(message["name"]),
        content: isJson(message["content"]) ? message["content"] : null,
        failed: message["status"] === "error",
      }
    case "human":
    case "HumanMessageChunk":
      return { kind: "human" }
    default:
      return { kind: "other" }
  }
}
