/** One odd chunk does not end an answer, and what cannot be read is never taken for a complete one. */
import { answers, fails, type WireCase } from "./WireCase.ts"
import { hello } from "./casesOfEnds.ts"
import { allKinds, directKinds, type Wire } from "./Wires.ts"

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const choice = (delta: object, more: object = {}): string =>
  data({ model: "model-1-0613", choices: [{ index: 0, delta, finish_reason: null }], ...more })

const compatible = (id: string, upstream: string, body: (wire: Wire) => ReadonlyArray<string>) => ({
  id: `odd-${id}`,
  upstream,
  kinds: ["openai-compatible" as const],
  answer: (wire: Wire) => ({ body: [...body(wire), wire.finish("stop"), wire.end] }),
})

/** Usage that no schema allows. */
const oddUsages = [
  { prompt_tokens: "11", completion_tokens: null },
  { prompt_tokens: -1, completion_tokens: 1e300 },
  "none",
  [],
  { prompt_tokens: { text: 11 }, completion_tokens: 3.5 },
]

const between = (wire: Wire, odd: string): ReadonlyArray<string> => {
  const [opening = "", first = "", second = ""] = hello(wire)
  return [opening, first, odd, second]
}

export const casesOfOddChunks: ReadonlyArray<WireCase> = [
  answers({
    id: "odd-empty-data",
    upstream: "sends an event with empty data",
    kinds: directKinds,
    answer: (wire) => ({ body: [...between(wire, "data:\n\ndata: \n\n"), wire.finish("stop"), wire.end] }),
  }),
  answers({
    id: "odd-ping",
    upstream: "sends comments and pings within an answer",
    kinds: allKinds,
    answer: (wire) => ({
      body: [...between(wire, `: OPENROUTER PROCESSING\n\n${wire.ping}`), wire.finish("stop"), wire.end],
    }),
  }),
  answers({
    id: "odd-retry",
    upstream: "sends retry, id and unknown fields",
    kinds: allKinds,
    answer: (wire) => ({
      body: [...between(wire, "retry: 3000\nid: 7\nfoo: bar\n\n"), wire.finish("stop"), wire.end],
    }),
  }),
  answers({
    id: "odd-unknown-event",
    upstream: "sends unknown events",
    kinds: ["openai", "anthropic"],
    answer: (wire) => ({
      body: [
        ...between(wire, `event: vendor.news\n${data({ type: "vendor.news" })}`),
        wire.finish("stop"),
        wire.end,
      ],
    }),
  }),
  answers(
    compatible("parts", "sends its content as parts", () => [
      choice({ role: "assistant", content: [{ type: "text", text: "Hello, " }] }),
      choice({
        content: [
          { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
          { type: "text", text: "café" },
        ],
      }),
    ]),
  ),
  answers(
    compatible("no-choices", "sends chunks without choices", (wire) =>
      between(
        wire,
        data({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] }) + data({ x_groq: { id: "r" } }),
      ),
    ),
  ),
  answers(
    compatible("other-choice", "sends a second choice without a request for it", (wire) =>
      between(wire, data({ choices: [{ index: 1, delta: { content: "other" }, finish_reason: null }] })),
    ),
  ),
  answers(
    compatible("null-error", "sends an empty error beside a good choice", () => [
      choice({ content: "Hello, " }, { error: null }),
      choice({ content: "ca" }, { error: "" }),
      choice({ content: "fé" }, { error: {} }),
    ]),
  ),
  ...oddUsages.map((usage, at) =>
    answers(
      compatible(`usage-${at + 1}`, `sends the usage ${JSON.stringify(usage)}`, (wire) => [
        ...hello(wire),
        data({ choices: [], usage }),
      ]),
    ),
  ),
  answers(
    compatible("think", "writes its reasoning in tags before the answer", () =>
      ["<th", "ink>I wonder.", "</thi", "nk>\n\nHello, ", "café"].map((content) => choice({ content })),
    ),
  ),
  answers(
    compatible("think-later", "writes <think> within its answer", () => [
      choice({ content: "Hello, <think>café</think>" }),
    ]),
    "Hello, <think>café</think>",
  ),
  fails(
    compatible("think-only", "writes its reasoning in tags and no answer", () => [
      choice({ content: "<think>I wonder" }),
    ]),
    "UPSTREAM_EMPTY",
  ),
  answers({
    id: "odd-thinking",
    upstream: "sends reasoning before the answer",
    kinds: directKinds,
    answer: (wire) => ({
      body: [
        wire.opening,
        wire.thinking("I wonder."),
        ...hello(wire).slice(1),
        wire.finish("stop"),
        wire.end,
      ],
    }),
  }),
  answers({
    id: "odd-bytes",
    upstream: "writes its bytes one by one",
    kinds: allKinds,
    answer: (wire) => {
      const bytes = Buffer.from([...hello(wire), wire.finish("stop"), wire.end].join(""))
      const middle = bytes.indexOf(Buffer.from("é"))
      return {
        body: [bytes.subarray(0, middle), bytes.subarray(middle, middle + 1), bytes.subarray(middle + 1)],
      }
    },
  }),
  answers({
    id: "odd-json",
    upstream: "answers with one JSON body instead of the requested stream",
    kinds: ["openai-compatible"],
    answer: () => ({
      headers: { "content-type": "application/json" },
      body: [
        JSON.stringify({
          model: "model-1-0613",
          choices: [
            { index: 0, message: { role: "assistant", content: "Hello, café" }, finish_reason: "stop" },
          ],
          usage: { prompt_tokens: 11, completion_tokens: 31, total_tokens: 42 },
        }),
      ],
    }),
  }),
  fails(
    {
      id: "odd-html",
      upstream: "answers 200 with a page of HTML",
      kinds: directKinds,
      answer: () => ({
        headers: { "content-type": "text/html" },
        body: ["<!doctype html><title>Sign in</title>"],
      }),
    },
    "UPSTREAM_GARBLED",
  ),
  fails(
    {
      id: "odd-garbled",
      upstream: "sends an event that is not JSON in the middle of an answer",
      kinds: directKinds,
      answer: (wire) => ({
        body: [...between(wire, 'data: {"choices":[{"index":0,"del\n\n'), wire.finish("stop"), wire.end],
      }),
    },
    "UPSTREAM_GARBLED",
  ),
]
