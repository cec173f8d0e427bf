/** One whole answer of each wire, as its servers send it. */
import { data, done, named } from "./answers.ts"

const chunk = (choices: ReadonlyArray<object>, more: object = {}): string =>
  data({ id: "c", object: "chat.completion.chunk", created: 0, model: "m-1", choices, ...more })
const delta = (fields: object, finish_reason: string | null = null): string =>
  chunk([{ index: 0, delta: fields, finish_reason }])

export const chat = [
  ": OPENROUTER PROCESSING\n\n",
  chunk([], { prompt_filter_results: [{ prompt_index: 0 }] }),
  delta({ role: "assistant", content: "" }),
  delta({ reasoning_content: "hm ✓" }),
  delta({ content: "The café" }),
  delta({ content: " is 𝒂pen" }),
  delta({}, "stop"),
  chunk([], { usage: { prompt_tokens: 11, completion_tokens: 31, total_tokens: 42 } }),
  done,
].join("")

const response = (status: string, more: object = {}): object => ({
  response: { id: "resp", object: "response", created_at: 0, model: "m-1", status, output: [], ...more },
})
const item = { item_id: "msg", output_index: 1, content_index: 0 }
const thought = { item_id: "rs", output_index: 0, summary_index: 0 }

export const responses = [
  named("response.created", { sequence_number: 0, ...response("in_progress") }),
  named("response.output_item.added", {
    output_index: 0,
    item: { id: "rs", type: "reasoning", summary: [] },
  }),
  named("response.reasoning_summary_part.added", { ...thought, part: { type: "summary_text", text: "" } }),
  named("response.reasoning_summary_text.delta", { ...thought, delta: "hm ✓" }),
  named("response.output_item.done", { output_index: 0, item: { id: "rs", type: "reasoning", summary: [] } }),
  named("response.output_item.added", { output_index: 1, item: { id: "msg", type: "message", content: [] } }),
  named("response.output_text.delta", { ...item, delta: "The café" }),
  named("response.output_text.delta", { ...item, delta: " is 𝒂pen" }),
  named("response.output_text.done", { ...item, text: "The café is 𝒂pen" }),
  named("response.output_item.done", { output_index: 1, item: { id: "msg", type: "message", content: [] } }),
  named(
    "response.completed",
    response("completed", {
      incomplete_details: null,
      usage: {
        input_tokens: 11,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens: 31,
        total_tokens: 42,
      },
    }),
  ),
].join("")

const block = (index: number, content_block: object): string =>
  named("content_block_start", { index, content_block })
const change = (index: number, fields: object): string =>
  named("content_block_delta", { index, delta: fields })

export const anthropic = [
  named("message_start", {
    message: {
      id: "msg",
      type: "message",
      role: "assistant",
      model: "m-1",
      content: [],
      stop_reason: null,
      usage: {
        input_tokens: 4,
        cache_creation_input_tokens: 2,
        cache_read_input_tokens: 5,
        output_tokens: 1,
      },
    },
  }),
  block(0, { type: "thinking", thinking: "", signature: "" }),
  named("ping", {}),
  change(0, { type: "thinking_delta", thinking: "hm ✓" }),
  change(0, { type: "signature_delta", signature: "c2ln" }),
  named("content_block_stop", { index: 0 }),
  block(1, { type: "text", text: "" }),
  change(1, { type: "text_delta", text: "The café" }),
  change(1, { type: "text_delta", text: " is 𝒂pen" }),
  named("content_block_stop", { index: 1 }),
  named("message_delta", {
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: 31 },
  }),
  named("message_stop", {}),
].join("")

const candidate = (parts: ReadonlyArray<object>, more: object = {}): object => ({
  content: { parts, role: "model" },
  index: 0,
  ...more,
})

export const gemini = [
  data({ candidates: [candidate([{ text: "hm ✓", thought: true }])], modelVersion: "m-1" }),
  data({ candidates: [candidate([{ text: "The café" }])], modelVersion: "m-1" }),
  data({ candidates: [candidate([{ text: " is 𝒂pen", thoughtSignature: "c2ln" }])], modelVersion: "m-1" }),
  data({
    candidates: [candidate([{ text: "" }], { finishReason: "STOP" })],
    usageMetadata: {
      promptTokenCount: 11,
      cachedContentTokenCount: 4,
      candidatesTokenCount: 21,
      thoughtsTokenCount: 10,
      totalTokenCount: 42,
    },
    modelVersion: "m-1",
  }),
].join("")
