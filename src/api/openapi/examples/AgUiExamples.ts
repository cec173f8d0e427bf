/** The examples of the AG-UI routes. */
import type { Examples, ExamplesByOperation } from "./ExamplesByOperation.ts"

const threadId = "thread-7f3a"
const runId = "run-1"
const question = { id: "m1", role: "user", content: "Where is my order?" }

const run: Examples = {
  request: {
    message: {
      value: {
        threadId,
        runId,
        messages: [question],
        tools: [],
        context: [],
        state: {},
        forwardedProps: {},
      },
    },
    resume: {
      summary: "Answer an interrupt",
      value: {
        threadId,
        runId: "run-2",
        messages: [question],
        resume: [{ interruptId: "call_7", status: "resolved", payload: { approved: true } }],
      },
    },
  },
  response: {
    started: {
      summary: "message: the first event",
      value: { type: "RUN_STARTED", threadId, runId, protocolVersion: "1.0" },
    },
    text: {
      summary: "message: a piece of the answer",
      value: { type: "TEXT_MESSAGE_CONTENT", messageId: "m2", delta: "Your order" },
    },
    finished: {
      summary: "message: the last event of an answer",
      value: { type: "RUN_FINISHED", threadId, runId, outcome: { type: "success" } },
    },
    failed: {
      summary: "message: the last event of a turn that failed",
      value: {
        type: "RUN_ERROR",
        code: "UPSTREAM_UNAVAILABLE",
        message: "The answer could not be made. Try again.",
      },
    },
  },
}

export const agUiExamples: ExamplesByOperation = { agUiRun: run, agUiRunAgent: run }
