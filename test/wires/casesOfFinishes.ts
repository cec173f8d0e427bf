/** The verdict of a finish reason on the answer before it. */
import { answers, endsTurn, fails, type WireCase } from "./WireCase.ts"
import { hello } from "./casesOfEnds.ts"
import { directKinds } from "./Wires.ts"

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const reason = (finish_reason: unknown): string =>
  data({ model: "model-1-0613", choices: [{ index: 0, delta: {}, finish_reason }] })

const named = (name: string, fields: object): string => `event: ${name}\n${data({ type: name, ...fields })}`

const compatible = (finish: string) => ({
  id: `finish-${finish.toLowerCase().replaceAll("_", "-")}`,
  upstream: `ends its text with the finish reason ${JSON.stringify(finish)}`,
  kinds: ["openai-compatible" as const],
  answer: (wire: Parameters<WireCase["answer"]>[0]) => ({ body: [...hello(wire), reason(finish), wire.end] }),
})

const gemini = (finish: string) => ({
  id: `finish-gemini-${finish.toLowerCase().replaceAll("_", "-")}`,
  upstream: `ends its text with Gemini's finish reason ${finish}`,
  kinds: ["google" as const],
  answer: (wire: Parameters<WireCase["answer"]>[0]) => ({
    body: [
      ...hello(wire),
      data({ candidates: [{ index: 0, content: { parts: [{ text: "" }] }, finishReason: finish }] }),
    ],
  }),
})

export const casesOfFinishes: ReadonlyArray<WireCase> = [
  answers(
    {
      id: "finish-length-all",
      upstream: "is cut at the token limit",
      kinds: directKinds,
      answer: (wire) => ({ body: [...hello(wire), wire.finish("length"), wire.end] }),
    },
    "Hello, café",
    "length",
  ),
  endsTurn(
    {
      id: "finish-filter-all",
      upstream: "is stopped by a content filter",
      kinds: directKinds,
      answer: (wire) => ({ body: [...hello(wire), wire.finish("content_filter"), wire.end] }),
    },
    "CONTENT_FILTERED",
  ),
  ...["sensitive", "guardrail_intervened", "recitation", "CONTENT_FILTER"].map((finish) =>
    endsTurn(compatible(finish), "CONTENT_FILTERED"),
  ),
  ...["SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"].map((finish) =>
    endsTurn(gemini(finish), "CONTENT_FILTERED"),
  ),
  fails(compatible("error"), "UPSTREAM_FAILED"),
  ...["network_error", "insufficient_system_resource"].map((finish) =>
    fails(compatible(finish), "UPSTREAM_UNAVAILABLE"),
  ),
  answers(
    {
      id: "finish-unsaid",
      upstream: "ends its text with [DONE] and never gives a finish reason",
      kinds: ["openai-compatible"],
      answer: (wire) => ({ body: [...hello(wire), wire.end] }),
    },
    "Hello, café",
    "other",
  ),
  ...["", "null"].map((finish) => {
    const { answer, ...row } = compatible(finish)
    return answers({
      ...row,
      id: finish === "" ? "finish-blank-first" : "finish-null-first",
      upstream: `sends the finish reason ${JSON.stringify(finish)} before the real one`,
      answer: (wire) => ({
        body: [reason(finish), ...answer(wire).body.slice(0, 3), reason("stop"), wire.end],
      }),
    })
  }),
  answers(compatible("eos_of_another_kind"), "Hello, café", "other"),
  fails(
    {
      id: "finish-unknown-empty",
      upstream: "gives no text and an unknown finish reason",
      kinds: ["openai-compatible"],
      answer: (wire) => ({ body: [wire.opening, reason("eos_of_another_kind"), wire.end] }),
    },
    "UPSTREAM_EMPTY",
  ),
  fails(
    {
      id: "finish-empty",
      upstream: "completes an answer without any text",
      kinds: directKinds,
      answer: (wire) => ({ body: [wire.opening, wire.finish("stop"), wire.end] }),
    },
    "UPSTREAM_EMPTY",
  ),
  endsTurn(
    {
      id: "refusal-delta",
      upstream: "sends its refusal in the refusal field",
      kinds: ["openai-compatible"],
      answer: (wire) => ({
        body: [
          wire.opening,
          data({ choices: [{ index: 0, delta: { refusal: "I cannot help." }, finish_reason: null }] }),
          wire.finish("stop"),
          wire.end,
        ],
      }),
    },
    "CONTENT_FILTERED",
  ),
  endsTurn(
    {
      id: "refusal-event",
      upstream: "sends its refusal as a separate event",
      kinds: ["openai"],
      answer: (wire) => ({
        body: [
          wire.opening,
          named("response.refusal.delta", { item_id: "msg_1", content_index: 0, delta: "I cannot help." }),
          named("response.refusal.done", { item_id: "msg_1", content_index: 0, refusal: "I cannot help." }),
          wire.finish("stop"),
        ],
      }),
    },
    "CONTENT_FILTERED",
  ),
  endsTurn(
    {
      id: "refusal-prompt",
      upstream: "blocks the prompt itself",
      kinds: ["google"],
      answer: () => ({ body: [data({ promptFeedback: { blockReason: "SAFETY" }, modelVersion: "m" })] }),
    },
    "CONTENT_FILTERED",
  ),
  fails(
    {
      id: "failed-event",
      upstream: "ends the answer with response.failed",
      kinds: ["openai"],
      answer: (wire) => ({
        body: [
          ...hello(wire),
          named("response.failed", {
            response: { id: "r", status: "failed", error: { code: "server_error", message: "no" } },
          }),
        ],
      }),
    },
    "UPSTREAM_FAILED",
  ),
]
