/** The agent runtime's own ways to end an answer, from recordings of it. */
import { answers, fails, type WireCase } from "./WireCase.ts"
import { runtimeEvent as event } from "./Wires.ts"

const complete = (final_response?: string) =>
  event("execution_complete", final_response === undefined ? {} : { final_response }) + "data: [DONE]\r\n\r\n"
const text = (content: string) => event("text_chunk", { content })

const row = (id: string, upstream: string, ...body: ReadonlyArray<string>) => ({
  id: `runtime-${id}`,
  upstream,
  kinds: ["runtime" as const],
  answer: () => ({ body }),
})

const cannotAnswer = "I encountered an error: Connection error. Please try again."
const cannotEnd =
  "I completed the task but encountered an issue generating the response: Error code: 500 - {'error': {}}"

/** After a call the turn is never run again: the failure is the turn's end. */
const afterCall = (given: WireCase): WireCase => ({ ...given, withSecond: given.alone })

export const casesOfRuntime: ReadonlyArray<WireCase> = [
  fails(
    row("error-text", "reports the failure of its model as text", text(cannotAnswer), complete(cannotAnswer)),
    "UPSTREAM_FAILED",
  ),
  fails(
    row(
      "error-text-cut",
      "reports the failure of its model as text in small chunks",
      ...cannotAnswer.match(/.{1,3}/gs)!.map(text),
      complete(cannotAnswer),
    ),
    "UPSTREAM_FAILED",
  ),
  fails(
    row("error-final", "reports a failure only in its final response", complete(cannotEnd)),
    "UPSTREAM_FAILED",
  ),
  fails(
    row(
      "error-suffix",
      "reports a failure after a part of the answer",
      text("Hello, "),
      text(cannotEnd),
      complete(`Hello, ${cannotEnd}`),
    ),
    "UPSTREAM_FAILED",
  ),
  fails(
    row(
      "error-suffix-cut",
      "reports a failure after a part of the answer, in small chunks",
      text("Hello, "),
      ...cannotEnd.match(/.{1,3}/gs)!.map(text),
      complete(`Hello, ${cannotEnd}`),
    ),
    "UPSTREAM_FAILED",
  ),
  answers(
    row("error-quoted", "quotes a failure", text(`It said "${cannotAnswer}"`), complete()),
    `It said "${cannotAnswer}"`,
  ),
  answers(
    row(
      "error-like",
      "starts a good answer with the words of a failure",
      text("I encountered an err"),
      text("or in your code: line 3."),
      complete(),
    ),
    "I encountered an error in your code: line 3.",
  ),
  answers(row("final-only", "sends its answer only as the final response", complete("Hello, café"))),
  answers(row("final-longer", "loses the last chunk of its text", text("Hello, "), complete("Hello, café"))),
  answers(
    row(
      "final-differs",
      "garbles a chunk of its text",
      text("Hello, "),
      text("caf"),
      complete("Hello, café"),
    ),
  ),
  answers(
    row(
      "final-garbled",
      "sends a text chunk that is not JSON",
      text("Hel"),
      'data: {"event": "text_chunk", "data": {"content": "lo\r\n\r\n',
      text(", café"),
      complete("Hello, café"),
    ),
  ),
  answers(
    row(
      "nan",
      "writes NaN and Infinity",
      'data: {"event": "thinking", "data": {"content": "hm", "stage": "planning", "score": NaN}, "t": -Infinity}\r\n\r\n',
      'data: {"event": "text_chunk", "data": {"content": "Hello, NaN"}, "timestamp": Infinity}\r\n\r\n',
      complete(),
    ),
    "Hello, NaN",
  ),
  afterCall(
    fails(
      row(
        "garbled-call",
        "sends an unreadable call, and then breaks off",
        'data: {"event": "tool_call_start", "data": {"tool_name": \r\n\r\n',
      ),
      "UPSTREAM_TRUNCATED",
    ),
  ),
  fails(
    row("execution-error", "sends execution_error", event("execution_error", { error: "No." })),
    "UPSTREAM_FAILED",
  ),
]
