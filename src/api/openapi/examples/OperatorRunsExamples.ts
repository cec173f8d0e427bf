/** The examples of users' runs. */
import { eventExamples } from "./EventExamples.ts"
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

const facts = {
  id: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
  sessionId: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
  orgId: "acme",
  userId: "ana",
  agentId: "019a5c5e-7000-7b11-8000-0000000000a1",
  status: "completed",
  executionMode: "runtime_orchestrator",
  usage: { tokens: 42 },
  model: "model-1",
  finishReason: "stop",
  traceId: "5b8aa5a2d2c872e8321cf37308d69df2",
  createdAt: 1764489600000,
  endedAt: 1764489601000,
  feedback: {
    messageId: "019a5c5e-7e44-7c01-8b5f-2a1d3c4e5f60",
    rating: "down",
    score: null,
    createdAt: 1764489700000,
    updatedAt: 1764489700000,
  },
}

const message = {
  id: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3e",
  sessionId: facts.sessionId,
  runId: facts.id,
  role: "user",
  content: "Where is my order?",
  parentMessageId: null,
  executionMode: null,
  createdAt: 1764489600000,
  parts: [],
  attachments: [],
}

const account = {
  ...facts,
  userMessageId: message.id,
  assistantMessageId: facts.feedback.messageId,
  decision: {
    order: ["runtime_orchestrator", "direct_llm"],
    reason: "percentage",
    probe: false,
    cohort: "treatment",
    rules: [{ rule: "percentage", result: "treatment: place 0.0421 at 10 %", decided: true }],
  },
  error: null,
  attempts: [],
  times: { totalMs: 1000, overheadMs: 3, longestSilenceMs: 400 },
  eventsKept: true,
  nextCursor: null,
  hasMore: false,
}

export const operatorRunsExamples: ExamplesByOperation = {
  operatorRunsList: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            runs: [{ ...facts, reason: "percentage", code: null }],
            nextCursor: "WyJydW5zIiwiMDE5YTVjNWUtN2IyMC03ZDNhLTlkMGMtM2YxZjZiMWEyYzNkIl0",
            hasMore: true,
          },
        },
      },
    },
  },
  operatorRunsEvents: { response: eventExamples },
  operatorRunsGet: {
    response: {
      facts: { value: { success: true, data: { ...account, content: null } } },
      content: {
        summary: "With `content=true`",
        value: {
          success: true,
          data: {
            ...account,
            content: {
              question: message,
              answer: {
                ...message,
                id: facts.feedback.messageId,
                role: "assistant",
                content: "It is on its way.",
                parentMessageId: message.id,
                executionMode: "runtime_orchestrator",
              },
              comment: "I asked for the date.",
              chain: [],
              execution: [],
            },
          },
        },
      },
    },
  },
}
