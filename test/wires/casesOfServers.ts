/** Answers that particular servers and proxies have been seen to send, and that the wire's document does not describe. */
import { type Answer, answers, fails, type WireCase } from "./WireCase.ts"
import { hello } from "./casesOfEnds.ts"
import { directKinds, type Wire } from "./Wires.ts"

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const choice = (delta: unknown, reason: string | null = null, more: object = {}): string =>
  data({ model: "model-1-0613", choices: [{ index: 0, delta, finish_reason: reason }], ...more })

const compatible = (id: string, upstream: string, body: (wire: Wire) => Answer["body"]) => ({
  id: `server-${id}`,
  upstream,
  kinds: ["openai-compatible" as const],
  answer: (wire: Wire) => ({ body: body(wire) }),
})

const whole = (wire: Wire): ReadonlyArray<string> => [...hello(wire), wire.finish("stop"), wire.end]

/** The same answer, labelled in another way. */
const labelled = (
  id: string,
  upstream: string,
  status: number,
  headers: Readonly<Record<string, string>>,
) => ({
  id: `server-${id}`,
  upstream,
  kinds: directKinds,
  answer: (wire: Wire) => ({ status, headers, body: whole(wire) }),
})

const completion = JSON.stringify({
  model: "model-1-0613",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello, café" }, finish_reason: "stop" }],
})

const framings: ReadonlyArray<WireCase> = [
  answers(
    compatible("one-line-end", "writes one line end after each event, and two after the last one", (wire) => [
      `${whole(wire).join("").replaceAll("\n\n", "\n")}\n`,
    ]),
  ),
  answers(
    compatible("done-joined", "writes [DONE] into the event of the finish reason", (wire) => [
      ...hello(wire),
      `${choice({}, "stop").trimEnd()}\ndata: [DONE]\n\n`,
    ]),
  ),
  answers(
    compatible("carriage-returns", "ends its lines with carriage returns", (wire) => [
      whole(wire).join("").replaceAll("\n", "\r"),
    ]),
  ),
  answers(
    compatible("lines-of-data", "writes the JSON of an event over several lines of data", (wire) => [
      'data: {"choices":[{"index":0,\ndata: "delta":{"content":"Hello, café"},\ndata: "finish_reason":"stop"}]}\n\n',
      wire.end,
    ]),
  ),
  answers(
    compatible("no-space", "begins with a byte order mark and writes no space after the colon", (wire) => [
      `\ufeff${whole(wire).join("").replaceAll("data: ", "data:")}`,
    ]),
  ),
  answers(labelled("created", "answers 201 with an answer", 201, {})),
  answers(
    labelled("html-label", "labels a stream as HTML", 200, { "content-type": "text/html; charset=utf-8" }),
  ),
  answers(labelled("json-label", "labels a stream as JSON", 200, { "content-type": "application/json" })),
  ...([204, 202] as const).map((status) =>
    fails(
      {
        id: `server-${status}`,
        upstream: `answers ${status} without a body`,
        kinds: directKinds,
        answer: () => ({ status, body: [] }),
      },
      "UPSTREAM_TRUNCATED",
    ),
  ),
  fails(
    {
      id: "server-html-page",
      upstream: "labels a page of HTML as a stream and holds the connection open",
      kinds: directKinds,
      answer: () => ({ body: ["\n<html><title>502 Bad Gateway</title></html>"], afterwards: "hold" }),
    },
    "UPSTREAM_GARBLED",
  ),
  answers({
    id: "server-json-held",
    upstream: "answers with one JSON body and holds the connection open",
    kinds: ["openai-compatible"],
    answer: () => ({
      headers: { "content-type": "application/json" },
      body: [completion.slice(0, 60), completion.slice(60), "\n"],
      afterwards: "hold",
    }),
  }),
  fails(
    {
      id: "server-json-cut",
      upstream: "ends one JSON body before it is complete",
      kinds: ["openai-compatible"],
      answer: () => ({ headers: { "content-type": "application/json" }, body: [completion.slice(0, -1)] }),
    },
    "UPSTREAM_TRUNCATED",
  ),
]

const ends: ReadonlyArray<WireCase> = [
  answers(
    compatible("text-and-finish", "sends its text and the finish reason in one chunk", (wire) => [
      choice({ role: "assistant", content: "Hello, café" }, "stop"),
      wire.end,
    ]),
  ),
  answers(
    compatible("finish-every-chunk", "sends a finish reason with every chunk, and pauses", () => [
      choice({ content: "", reasoning_content: "hm" }, "stop"),
      1700,
      choice({ content: "Hello, " }, "stop"),
      1700,
      choice({ content: "ca" }, "stop"),
      choice({ content: "fé" }),
      1700,
      choice({ content: "" }, "stop"),
    ]),
  ),
  answers({
    id: "server-finish-held",
    upstream: "sends its text and the finish reason in one chunk, and holds the connection open",
    kinds: ["openai-compatible"],
    answer: () => ({ body: [choice({ content: "Hello, café" }, "stop")], afterwards: "hold" }),
  }),
  answers(
    compatible("finish-camel-case", "writes the finish reason as finishReason", (wire) => [
      ...hello(wire),
      data({ choices: [{ index: 0, delta: null, finish_reason: null, finishReason: "stop" }] }),
    ]),
  ),
  ...["end", "endoftext"].map((reason) =>
    answers(
      compatible(`finish-${reason}`, `ends its text with the finish reason "${reason}"`, (wire) => [
        ...hello(wire),
        choice({}, reason),
        wire.end,
      ]),
    ),
  ),
  answers(
    compatible("finish-token-limit", "ends its text with the finish reason token_limit", (wire) => [
      ...hello(wire),
      choice({}, "token_limit"),
      wire.end,
    ]),
    "Hello, café",
    "length",
  ),
  fails(
    compatible("not-finished", "sends not_finished with each chunk and breaks off", () =>
      ["Hello, ", "ca"].map((content) => choice({ content }, "not_finished")),
    ),
    "UPSTREAM_TRUNCATED",
  ),
  fails(
    {
      id: "server-done-only",
      upstream: "adds [DONE] to a stream that breaks off and whose wire has no [DONE]",
      kinds: ["openai", "anthropic", "google"],
      answer: (wire) => ({ body: [...hello(wire), "data: [DONE]\n\n"] }),
    },
    "UPSTREAM_TRUNCATED",
  ),
  fails(
    compatible("groq-error", "stops early with an error in x_groq", (wire) => [
      ...hello(wire),
      choice({}, null, { x_groq: { id: "req_1", error: "over_capacity" } }),
      wire.end,
    ]),
    "UPSTREAM_FAILED",
  ),
  fails(
    compatible("router-error", "sends an error with the finish reason error in one chunk", (wire) => [
      ...hello(wire),
      choice({ content: "" }, "error", { error: { code: 502, message: "Provider disconnected" } }),
      wire.end,
    ]),
    "UPSTREAM_FAILED",
  ),
  fails(
    compatible("page-inside", "appends a proxy's page to a part of an answer", (wire) => [
      ...hello(wire),
      "<html><title>504 Gateway Time-out</title></html>\n\n",
    ]),
    "UPSTREAM_TRUNCATED",
  ),
  fails(
    {
      id: "server-gemini-list",
      upstream: "answers 200 with a list of one error",
      kinds: ["openai-compatible", "google"],
      answer: () => ({
        body: [JSON.stringify([{ error: { code: 429, message: "Quota.", status: "RESOURCE_EXHAUSTED" } }])],
      }),
    },
    "UPSTREAM_RATE_LIMITED",
    "neutral",
    2,
  ),
  fails(
    compatible("error-phrase", "sends an error as a phrase", () => [data({ error: "Model is overloaded" })]),
    "UPSTREAM_UNAVAILABLE",
    "error",
    2,
  ),
]

const tags = [
  ["thinking", "<thinking>hm</thinking>"],
  ["upper-case", "<THINK>hm</THINK>"],
  ["thought", "<thought>hm</thought>"],
  ["brackets", "[THINK]hm[/THINK]"],
] as const

const thoughts: ReadonlyArray<WireCase> = [
  ...tags.map(([id, tagged]) =>
    answers(
      compatible(`thinks-${id}`, `thinks as ${tagged}`, (wire) => [
        choice({ content: `${tagged}\n\nHello, café` }),
        wire.finish("stop"),
        wire.end,
      ]),
    ),
  ),
  answers(
    compatible("think-end-only", "sends reasoning in a field and starts its text with </think>", (wire) => [
      choice({ reasoning_content: "hm" }),
      choice({ content: "</think>\n\nHello, café" }),
      wire.finish("stop"),
      wire.end,
    ]),
  ),
  fails(
    compatible("thinks-only", "sends reasoning in a field until the token limit", (wire) => [
      choice({ content: null, reasoning_content: "hm" }),
      wire.finish("length"),
      wire.end,
    ]),
    "UPSTREAM_EMPTY",
  ),
  fails(
    compatible("calls-only", "calls an unknown tool", (wire) => [
      choice({
        content: null,
        tool_calls: [{ index: 0, id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
      }),
      choice({}, "tool_calls"),
      wire.end,
    ]),
    "UPSTREAM_EMPTY",
  ),
]

export const casesOfServers: ReadonlyArray<WireCase> = [...framings, ...ends, ...thoughts]
