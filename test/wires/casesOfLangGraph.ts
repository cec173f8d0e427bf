/** Answers of a LangGraph Agent Server. Its stream has no event for the end, so the status of the run decides. */
import { answers, type Answer, endsTurn, fails, type WireCase } from "./WireCase.ts"
import { langGraph, langGraphEvent as event } from "./Wires.ts"

const row = (id: string, upstream: string, answer: Answer, later?: Answer) => ({
  id: `langgraph-${id}`,
  upstream,
  kinds: ["langgraph" as const],
  answer: () => answer,
  ...(later === undefined ? {} : { later: () => later }),
})

const hello = langGraph.text("Hello, café")
const call = event("updates", {
  chat: {
    messages: [{ type: "ai", id: "m-0", content: "", tool_calls: [{ id: "c", name: "charge", args: {} }] }],
  },
})

/** After a call the turn is never run again: the failure is the turn's end. */
const afterCall = (given: WireCase): WireCase => ({ ...given, withSecond: given.alone })

export const casesOfLangGraph: ReadonlyArray<WireCase> = [
  answers(row("text", "streams a text and ends the body", { body: [langGraph.opening, hello] })),
  answers(
    row("state", "only returns the message in its state", {
      body: [
        langGraph.opening,
        event("updates", { chat: { messages: [{ type: "ai", id: "m-1", content: "Hello, café" }] } }),
      ],
    }),
  ),
  answers(row("unknown", "sends unknown events", { body: [langGraph.opening, event("news", {}), hello] })),
  fails(
    row("running", "ends the body while the run goes on", {
      body: [langGraph.opening, hello],
      runStatus: "running",
    }),
    "UPSTREAM_TRUNCATED",
  ),
  fails(
    row("status-error", "ends the body of a run that failed", {
      body: [langGraph.opening, hello],
      runStatus: "error",
    }),
    "UPSTREAM_FAILED",
  ),
  endsTurn(
    row("status-cancelled", "ends the body of a run that another client cancelled", {
      body: [langGraph.opening, hello],
      runStatus: "interrupted",
    }),
    "EXECUTION_CANCELLED",
  ),
  fails(
    row("reset", "resets the connection in the middle of an answer", {
      body: [langGraph.opening, hello],
      afterwards: "reset",
    }),
    "UPSTREAM_TRUNCATED",
  ),
  fails(
    row("error", "reports an error and holds the connection open", {
      body: [langGraph.opening, langGraph.error("RuntimeError")],
      afterwards: "hold",
    }),
    "UPSTREAM_FAILED",
  ),
  afterCall(
    fails(
      row("error-after-call", "reports an error after a call", {
        body: [langGraph.opening, call, langGraph.error("RuntimeError")],
      }),
      "UPSTREAM_FAILED",
    ),
  ),
  fails(row("empty", "ends a run without an answer", { body: [langGraph.opening] }), "UPSTREAM_EMPTY"),
  fails(
    row("stall", "sends only heartbeats in the middle of an answer", {
      body: [langGraph.opening, hello],
      afterwards: "ping",
    }),
    "TIMEOUT_STALL",
    "timeout_stall",
  ),
  fails(
    row("busy", "refuses the run because its thread is busy", { status: 409, body: ["{}"] }),
    "UPSTREAM_UNAVAILABLE",
    "error",
    2,
  ),
  fails(
    row("assistant", "does not know the assistant", {
      status: 422,
      body: [JSON.stringify({ detail: "Invalid assistant: 'agent'." })],
    }),
    "UPSTREAM_MISCONFIGURED",
  ),
]
