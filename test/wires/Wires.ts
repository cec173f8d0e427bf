/**
 * The wires as bytes, written down from recordings and from the providers' documents, without the gateway's own schemas:
 * what one wire says for a text, a finish reason, its usage, its end, an error in the stream and a refusal.
 */
export type DirectKind = "openai-compatible" | "openai" | "anthropic" | "google"
export type WireKind = "runtime" | "ag-ui" | "langgraph" | "responses" | DirectKind

export const directKinds: ReadonlyArray<DirectKind> = ["openai-compatible", "openai", "anthropic", "google"]
export const isDirect = (kind: WireKind): kind is DirectKind => directKinds.some((direct) => direct === kind)
export const allKinds: ReadonlyArray<WireKind> = ["runtime", "ag-ui", "responses", ...directKinds]

export type Bytes = string | Uint8Array

export type Finish = "stop" | "length" | "content_filter"

export interface Wire {
  readonly kind: WireKind
  /** Comes first on wires that open an answer by an event. */
  readonly opening: string
  readonly text: (content: string) => string
  readonly thinking: (content: string) => string
  /** The finish reason, without the end of the stream, and the usage: 11 tokens in, 31 out. */
  readonly finish: (reason: Finish) => string
  /** The event that ends the stream. */
  readonly end: string
  readonly ping: string
  /** An error within a stream of status 200. */
  readonly error: (code: string) => string
  /** The body of a refusal. */
  readonly refusal: (code: string, message?: string) => string
  /** The JSON for a request besides the answer's own; undefined for the answer's. `runStatus`: the answer's. */
  readonly aside?: (method: string, path: string, runStatus: string) => object | undefined
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
/** An event of the Responses API or of Anthropic. */
export const namedEvent = (value: { readonly type: string } & Readonly<Record<string, unknown>>): string =>
  `event: ${value.type}\n${data(value)}`

const chunk = (fields: object): string =>
  data({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "model-1-0613", ...fields })
const choice = (delta: object, reason: string | null = null): string =>
  chunk({ choices: [{ index: 0, delta, finish_reason: reason }] })

/** The body of an OpenAI-like error. */
const openAiError = (code: string, message = "Something about sk-canary-0000 went wrong.") => ({
  error: { message, type: "some_error", param: null, code },
})

export const openAiCompatible: Wire = {
  kind: "openai-compatible",
  opening: choice({ role: "assistant", content: "" }),
  text: (content) => choice({ content }),
  thinking: (content) => choice({ reasoning_content: content }),
  finish: (reason) =>
    choice({}, reason) +
    chunk({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 31, total_tokens: 42 } }),
  end: "data: [DONE]\n\n",
  ping: ": ping\n\n",
  error: (code) => data(openAiError(code)),
  refusal: (code, message) => JSON.stringify(openAiError(code, message)),
}

const response = (status: string, fields: object = {}) => ({
  id: "resp_1",
  object: "response",
  model: "model-1-0613",
  status,
  ...fields,
})
const usage = { input_tokens: 11, output_tokens: 31, total_tokens: 42 }

/** The Responses API. Its finish reason is the event that ends the stream. */
export const openAi: Wire = {
  kind: "openai",
  opening:
    namedEvent({ type: "response.created", response: response("in_progress") }) +
    namedEvent({
      type: "response.output_item.added",
      output_index: 0,
      item: { id: "msg_1", type: "message", status: "in_progress", content: [], role: "assistant" },
    }),
  text: (delta) =>
    namedEvent({
      type: "response.output_text.delta",
      item_id: "msg_1",
      output_index: 0,
      content_index: 0,
      delta,
    }),
  thinking: (delta) =>
    namedEvent({
      type: "response.reasoning_summary_text.delta",
      item_id: "rs_1",
      output_index: 0,
      summary_index: 0,
      delta,
    }),
  finish: (reason) =>
    reason === "stop"
      ? namedEvent({ type: "response.completed", response: response("completed", { usage }) })
      : namedEvent({
          type: "response.incomplete",
          response: response("incomplete", {
            usage,
            incomplete_details: { reason: reason === "length" ? "max_output_tokens" : reason },
          }),
        }),
  end: "",
  ping: ": ping\n\n",
  error: (code) => namedEvent({ type: "error", code, message: "Something about sk-canary-0000 went wrong." }),
  refusal: openAiCompatible.refusal,
}

/** The same API, spoken by an agent runtime. */
export const responses: Wire = { ...openAi, kind: "responses" }

const stopReasons: Readonly<Record<Finish, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  content_filter: "refusal",
}

export const anthropic: Wire = {
  kind: "anthropic",
  opening:
    namedEvent({
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "model-1-0613",
        content: [],
        stop_reason: null,
        usage: { input_tokens: 11, output_tokens: 1 },
      },
    }) + namedEvent({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
  text: (text) => namedEvent({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
  thinking: (thinking) =>
    namedEvent({ type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking } }),
  finish: (reason) =>
    namedEvent({ type: "content_block_stop", index: 0 }) +
    namedEvent({
      type: "message_delta",
      delta: { stop_reason: stopReasons[reason], stop_sequence: null },
      usage: { output_tokens: 31 },
    }),
  end: namedEvent({ type: "message_stop" }),
  ping: namedEvent({ type: "ping" }),
  error: (type) =>
    namedEvent({ type: "error", error: { type, message: "Something about sk-canary-0000 went wrong." } }),
  refusal: (type, message = "Something about sk-canary-0000 went wrong.") =>
    JSON.stringify({ type: "error", error: { type, message } }),
}

const geminiReasons: Readonly<Record<Finish, string>> = {
  stop: "STOP",
  length: "MAX_TOKENS",
  content_filter: "SAFETY",
}
const candidate = (fields: object, more: object = {}): string =>
  data({ candidates: [{ index: 0, ...fields }], modelVersion: "model-1-0613", ...more })

/** Gemini writes CRLF, and ends by closing the body. */
export const google: Wire = {
  kind: "google",
  opening: "",
  text: (text) => candidate({ content: { role: "model", parts: [{ text }] } }).replaceAll("\n", "\r\n"),
  thinking: (text) =>
    candidate({ content: { role: "model", parts: [{ text, thought: true }] } }).replaceAll("\n", "\r\n"),
  finish: (reason) =>
    candidate(
      { content: { role: "model", parts: [{ text: "" }] }, finishReason: geminiReasons[reason] },
      { usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 31, totalTokenCount: 42 } },
    ).replaceAll("\n", "\r\n"),
  end: "",
  ping: ": ping\r\n\r\n",
  error: (status) =>
    data({ error: { code: 500, message: "Something about sk-canary-0000 went wrong.", status } }),
  refusal: (status, message = "Something about sk-canary-0000 went wrong.") =>
    JSON.stringify({ error: { code: 400, message, status } }),
}

/** An event of the agent runtime, as sse-starlette writes it. */
export const runtimeEvent = (event: string, fields: object = {}): string =>
  `data: ${JSON.stringify({ event, data: fields, timestamp: "2026-01-01T00:00:00.000000" })}\r\n\r\n`

export const runtime: Wire = {
  kind: "runtime",
  opening: runtimeEvent("thinking", { content: "Analyzing request...", stage: "analyzing" }),
  text: (content) => runtimeEvent("text_chunk", { content }),
  thinking: (content) => runtimeEvent("thinking", { content, stage: "reasoning" }),
  finish: () => runtimeEvent("execution_complete", {}),
  end: "data: [DONE]\r\n\r\n",
  ping: ": ping - 2026-01-01 00:00:00+00:00\r\n\r\n",
  error: (code) => runtimeEvent("execution_error", { error: "It failed.", code }),
  refusal: (code) => JSON.stringify({ detail: code }),
}

/** An event of LangGraph's Agent Server. */
export const langGraphEvent = (event: string, value: unknown): string =>
  `event: ${event}\r\ndata: ${JSON.stringify(value)}\r\n\r\n`

const langGraphPart = (content: unknown): string =>
  langGraphEvent("messages", [{ type: "AIMessageChunk", id: "m-1", content }, { langgraph_node: "chat" }])

/** The status of the run is its finish. */
export const langGraph: Wire = {
  kind: "langgraph",
  opening: langGraphEvent("metadata", { run_id: "run-1", attempt: 1 }),
  text: langGraphPart,
  thinking: (thinking) => langGraphPart([{ type: "thinking", thinking }]),
  finish: () => "",
  end: "",
  ping: ": heartbeat\r\n\r\n",
  error: (error) => langGraphEvent("error", { error, message: "Something about sk-canary-0000 went wrong." }),
  refusal: (code) => JSON.stringify({ detail: code }),
  aside: (method, path, runStatus) => {
    if (path.endsWith("/runs/stream")) return undefined
    if (method === "POST") return {}
    return path.endsWith("/state")
      ? { metadata: {}, checkpoint: { checkpoint_id: "c-1" } }
      : { run_id: "run-1", status: runStatus }
  },
}

/** An event of AG-UI, as its Python encoder writes it. */
export const agUiEvent = (type: string, fields: object = {}): string => data({ type, ...fields })

const inRun = { threadId: "t", runId: "r" }

/** The finish reason is the event that ends the stream. */
export const agUi: Wire = {
  kind: "ag-ui",
  opening:
    agUiEvent("RUN_STARTED", { ...inRun, protocolVersion: "1.0" }) +
    agUiEvent("TEXT_MESSAGE_START", { messageId: "m-1", role: "assistant" }),
  text: (delta) => agUiEvent("TEXT_MESSAGE_CONTENT", { messageId: "m-1", delta }),
  thinking: (delta) => agUiEvent("REASONING_MESSAGE_CONTENT", { messageId: "m-0", delta }),
  finish: () =>
    agUiEvent("TEXT_MESSAGE_END", { messageId: "m-1" }) +
    agUiEvent("RUN_FINISHED", { ...inRun, usage: [{ inputTokens: 11, outputTokens: 31 }] }),
  end: "",
  ping: ": ping\n\n",
  error: (code) => agUiEvent("RUN_ERROR", { message: "It failed.", code }),
  refusal: (code) => JSON.stringify({ detail: code }),
}

export const wires: Readonly<Record<WireKind, Wire>> = {
  runtime,
  "ag-ui": agUi,
  langgraph: langGraph,
  responses,
  "openai-compatible": openAiCompatible,
  openai: openAi,
  anthropic,
  google,
}
