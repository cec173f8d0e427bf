/** The same short answer on each wire, in the parts that the driver contract tests. */
import type { ProviderKind } from "../../../src/domain/DirectProvider.ts"
import { data } from "./answers.ts"

const event = (name: string, body: object): string => `event: ${name}\ndata: ${JSON.stringify(body)}\n\n`

interface Driver {
  readonly kind: ProviderKind
  readonly path: string
  readonly key: string
  readonly delta: (text: string) => string
  readonly begin: string
  /** The finish reason and the usage, then the end of the answer on wires that have one. */
  readonly finish: string
  readonly end: string
  readonly error: string
}

export const drivers: ReadonlyArray<Driver> = [
  {
    kind: "openai-compatible",
    path: "/chat/completions",
    key: "authorization",
    begin: "",
    delta: (content) =>
      data({ model: "m-1", choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
    finish:
      data({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }) +
      data({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 31, total_tokens: 42 } }),
    end: "data: [DONE]\n\n",
    error: data({ error: { message: "sk-canary-0000", type: "overloaded" } }),
  },
  {
    kind: "openai",
    path: "/responses",
    key: "authorization",
    begin: event("response.created", {
      type: "response.created",
      response: { model: "m-1", status: "in_progress" },
    }),
    delta: (delta) => event("response.output_text.delta", { type: "response.output_text.delta", delta }),
    finish: "",
    end: event("response.completed", {
      type: "response.completed",
      response: { model: "m-1", status: "completed", usage: { input_tokens: 11, output_tokens: 31 } },
    }),
    error: event("error", { type: "error", code: "server_error", message: "sk-canary-0000", param: null }),
  },
  {
    kind: "anthropic",
    path: "/messages",
    key: "x-api-key",
    begin:
      event("message_start", {
        type: "message_start",
        message: {
          role: "assistant",
          model: "m-1",
          content: [],
          usage: { input_tokens: 11, output_tokens: 1 },
        },
      }) +
      event("content_block_start", {
        type: "content_block_start",
        index: 0,
        content_block: { type: "text", text: "" },
      }),
    delta: (text) =>
      event("content_block_delta", {
        type: "content_block_delta",
        index: 0,
        delta: { type: "text_delta", text },
      }),
    finish:
      event("content_block_stop", { type: "content_block_stop", index: 0 }) +
      event("message_delta", {
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { output_tokens: 31 },
      }),
    end: event("message_stop", { type: "message_stop" }),
    error: event("error", { type: "error", error: { type: "overloaded_error", message: "sk-canary-0000" } }),
  },
  {
    kind: "google",
    path: "/models/m:streamGenerateContent?alt=sse",
    key: "x-goog-api-key",
    begin: "",
    delta: (text) => data({ candidates: [{ content: { parts: [{ text }], role: "model" }, index: 0 }] }),
    finish: data({
      candidates: [{ content: { parts: [{ text: "" }], role: "model" }, finishReason: "STOP", index: 0 }],
      usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 21, thoughtsTokenCount: 10 },
      modelVersion: "m-1",
    }),
    end: "",
    error: data({ error: { code: 503, status: "UNAVAILABLE", message: "sk-canary-0000" } }),
  },
]
