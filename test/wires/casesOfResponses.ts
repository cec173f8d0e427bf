/** Answers of an agent behind the Responses API. Its calls are items of the response, and some wait for their client. */
import { answers, type Answer, endsTurn, fails, type WireCase } from "./WireCase.ts"
import { namedEvent as event, responses } from "./Wires.ts"

const row = (id: string, upstream: string, answer: Answer) => ({
  id: `responses-${id}`,
  upstream,
  kinds: ["responses" as const],
  answer: () => answer,
})

const hello = responses.text("Hello, café")
const call = { id: "fc_1", type: "function_call", call_id: "c-1", name: "charge", arguments: "{}" }
const called = event({ type: "response.output_item.done", output_index: 0, item: call })
const result = event({
  type: "response.output_item.done",
  output_index: 1,
  item: { id: "fco_1", type: "function_call_output", call_id: "c-1", output: "charged" },
})
const failed = event({
  type: "response.failed",
  response: { id: "resp_1", status: "failed", error: { code: "server_error", message: "sk-canary-0000" } },
})

/** After a call the turn is never run again: the failure is the turn's end. */
const afterCall = (given: WireCase): WireCase => ({ ...given, withSecond: given.alone })

export const casesOfResponses: ReadonlyArray<WireCase> = [
  answers(
    row("tool", "calls its own tool", {
      body: [responses.opening, called, result, hello, responses.finish("stop")],
    }),
  ),
  answers(
    row("waits", "leaves a call to its client", {
      body: [responses.opening, hello, called, responses.finish("stop")],
    }),
    "Hello, café\n[interrupt: tool_call]\n",
    "interrupt",
  ),
  fails(
    row("failed", "fails before its answer", { body: [responses.opening, failed], afterwards: "hold" }),
    "UPSTREAM_FAILED",
  ),
  afterCall(
    fails(
      row("failed-after-call", "fails after a call", { body: [responses.opening, called, failed] }),
      "UPSTREAM_FAILED",
    ),
  ),
  afterCall(
    fails(
      row("cut-after-call", "ends the body after a call", { body: [responses.opening, called, result] }),
      "UPSTREAM_TRUNCATED",
    ),
  ),
  endsTurn(
    row("cancelled", "ends a response that another client cancelled", {
      body: [
        responses.opening,
        event({ type: "response.cancelled", response: { id: "resp_1", status: "cancelled" } }),
      ],
    }),
    "EXECUTION_CANCELLED",
  ),
]
