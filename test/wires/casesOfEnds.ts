/** The end of a complete answer: the one that the protocol names, whatever the connection does then. */
import { answers, fails, type WireCase } from "./WireCase.ts"
import { allKinds, directKinds, type Wire } from "./Wires.ts"

export const hello = (wire: Wire) => [wire.opening, wire.text("Hello, "), wire.text("café")]
const whole = (wire: Wire) => [...hello(wire), wire.finish("stop"), wire.end]

/** The finish reason and the end of the stream are two events there. */
const withOwnEnd = ["openai-compatible", "anthropic"] as const

export const casesOfEnds: ReadonlyArray<WireCase> = [
  answers({
    id: "end-clean",
    upstream: "ends its answer and the body",
    kinds: allKinds,
    answer: (wire) => ({ body: whole(wire) }),
  }),
  answers({
    id: "end-held-open",
    upstream: "holds the connection open after the end of the answer",
    kinds: allKinds,
    answer: (wire) => ({ body: whole(wire), afterwards: "hold" }),
  }),
  answers({
    id: "end-pings",
    upstream: "sends pings forever after the end of the answer",
    kinds: allKinds,
    answer: (wire) => ({ body: whole(wire), afterwards: "ping" }),
  }),
  answers({
    id: "end-more",
    upstream: "sends more text after the end of the answer",
    kinds: ["runtime", "ag-ui", "openai-compatible", "openai", "anthropic"],
    answer: (wire) => ({ body: [...whole(wire), wire.text(" and more")], afterwards: "hold" }),
  }),
  answers({
    id: "end-error",
    upstream: "sends an error after the end of the answer",
    kinds: ["runtime", "ag-ui", "openai-compatible", "openai", "anthropic"],
    answer: (wire) => ({ body: [...whole(wire), wire.error("server_error")] }),
  }),
  answers({
    id: "end-reset",
    upstream: "resets the connection after the end of the answer",
    kinds: allKinds,
    answer: (wire) => ({ body: [...whole(wire), 50], afterwards: "reset" }),
  }),
  answers({
    id: "end-blanks",
    upstream: "writes [DONE] with blanks around it and holds the connection open",
    kinds: ["openai-compatible"],
    answer: (wire) => ({
      body: [...hello(wire), wire.finish("stop"), "data:   [DONE]  \n\n"],
      afterwards: "hold",
    }),
  }),
  answers({
    id: "end-no-blank-line",
    upstream: "ends the body without a blank line after the last event",
    kinds: allKinds,
    answer: (wire) => ({
      body: whole(wire).map((part, at, all) => (isLast(at, all) ? part.trimEnd() : part)),
    }),
  }),
  answers({
    id: "end-unsaid",
    upstream: "gives a finish reason and ends the body without the event that ends a stream",
    kinds: withOwnEnd,
    answer: (wire) => ({ body: [...hello(wire), wire.finish("stop")] }),
  }),
  answers({
    id: "end-unsaid-reset",
    upstream: "gives a finish reason and resets the connection",
    kinds: withOwnEnd,
    answer: (wire) => ({ body: [...hello(wire), wire.finish("stop"), 50], afterwards: "reset" }),
  }),
  answers({
    id: "end-unsaid-held",
    upstream: "gives a finish reason and usage, and then nothing on an open connection",
    kinds: withOwnEnd,
    answer: (wire) => ({ body: [...hello(wire), wire.finish("stop")], afterwards: "hold" }),
  }),
  answers({
    id: "end-unsaid-pings",
    upstream: "gives a finish reason and usage, and then pings forever",
    kinds: withOwnEnd,
    answer: (wire) => ({ body: [...hello(wire), wire.finish("stop")], afterwards: "ping" }),
  }),
  fails(
    {
      id: "cut-clean",
      upstream: "ends the body in the middle of an answer",
      kinds: allKinds,
      answer: (wire) => ({ body: hello(wire) }),
    },
    "UPSTREAM_TRUNCATED",
  ),
  fails(
    {
      id: "cut-reset",
      upstream: "resets the connection in the middle of an answer",
      kinds: allKinds,
      answer: (wire) => ({ body: [...hello(wire), 50], afterwards: "reset" }),
    },
    "UPSTREAM_TRUNCATED",
  ),
  fails(
    {
      id: "cut-at-once",
      upstream: "answers 200 with an empty body",
      kinds: allKinds,
      answer: () => ({ body: [] }),
    },
    "UPSTREAM_TRUNCATED",
  ),
  fails(
    {
      id: "stall",
      upstream: "stops in the middle of an answer on an open connection",
      kinds: directKinds,
      answer: (wire) => ({ body: hello(wire), afterwards: "hold" }),
    },
    "TIMEOUT_STALL",
    "timeout_stall",
  ),
  fails(
    {
      id: "stall-pings",
      upstream: "sends nothing but pings in the middle of an answer",
      kinds: ["openai-compatible", "anthropic"],
      answer: (wire) => ({ body: hello(wire), afterwards: "ping" }),
    },
    "TIMEOUT_STALL",
    "timeout_stall",
  ),
]

/** The last part that is not empty. */
const isLast = (at: number, all: ReadonlyArray<string>): boolean =>
  all.slice(at + 1).every((part) => part === "")
