/** Answers of AG-UI servers, from recordings of pydantic-ai, LangGraph and llama-index. */
import { answers, endsTurn, fails, type WireCase } from "./WireCase.ts"
import { agUi, agUiEvent as event } from "./Wires.ts"

const row = (id: string, upstream: string, ...body: ReadonlyArray<string>) => ({
  id: `ag-ui-${id}`,
  upstream,
  kinds: ["ag-ui" as const],
  answer: () => ({ body }),
})

const hello = agUi.text("Hello, café")
const call = (args = '{"a":1}') =>
  event("TOOL_CALL_START", { toolCallId: "c-1", toolCallName: "search" }) +
  event("TOOL_CALL_ARGS", { toolCallId: "c-1", delta: args }) +
  event("TOOL_CALL_END", { toolCallId: "c-1" })
const end = agUi.finish("stop")

/** After a call the turn is never run again: the failure is the turn's end. */
const afterCall = (given: WireCase): WireCase => ({ ...given, withSecond: given.alone })

export const casesOfAgUi: ReadonlyArray<WireCase> = [
  answers(row("raw", "repeats each event as a raw event of 2 MiB", agUi.opening, raw(), hello, raw(), end)),
  answers(
    row(
      "raw-event",
      "carries 2 MiB of raw event in a text",
      agUi.opening,
      event("TEXT_MESSAGE_CONTENT", {
        rawEvent: "x".repeat(2 * 1024 * 1024),
        messageId: "m-1",
        delta: "Hello, café",
      }),
      end,
    ),
  ),
  answers(
    row(
      "unknown",
      "sends unknown events",
      agUi.opening,
      event("VENDOR_NEWS", { text: "no answer" }),
      hello,
      end,
    ),
  ),
  fails(
    row("large", "sends a text of 2 MiB", agUi.opening, agUi.text("x".repeat(2 * 1024 * 1024)), end),
    "UPSTREAM_GARBLED",
  ),
  fails(row("empty-text", "opens and closes a text without content", agUi.opening, end), "UPSTREAM_EMPTY"),
  fails(
    row("error", "reports an error and holds the connection open", agUi.opening, agUi.error("BUSY")),
    "BUSY",
  ),
  endsTurn(
    row(
      "cancelled",
      "reports that the run was cancelled",
      agUi.opening,
      event("RUN_FINISHED", { threadId: "t", runId: "r", outcome: { type: "cancelled" } }),
    ),
    "EXECUTION_CANCELLED",
  ),
  afterCall(
    fails(row("cut-after-call", "ends the body after a call", agUi.opening, call()), "UPSTREAM_TRUNCATED"),
  ),
  afterCall(
    fails(
      row(
        "cut-in-call",
        "ends the body within the arguments of a call",
        agUi.opening,
        event("TOOL_CALL_START", { toolCallId: "c-1", toolCallName: "search" }),
        event("TOOL_CALL_ARGS", { toolCallId: "c-1", delta: '{"a' }),
      ),
      "UPSTREAM_TRUNCATED",
    ),
  ),
  afterCall(
    fails(
      row(
        "unusable-call",
        "sends a call with unusable data",
        agUi.opening,
        event("TOOL_CALL_START", { toolCallId: 7 }),
        hello,
      ),
      "UPSTREAM_GARBLED",
    ),
  ),
]

function raw(): string {
  return event("RAW", { event: { prompt: "sk-canary-0000".padEnd(2 * 1024 * 1024, "x") } })
}
