/** The examples of the routes of messages. */
import { eventExamples } from "./EventExamples.ts"
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

export const messagesExamples: ExamplesByOperation = {
  messagesRegenerate: {
    request: {
      usual: { summary: "By the usual rules", value: {} },
      mode: { summary: "By a model without tools", value: { mode: "direct_llm" } },
    },
    response: eventExamples,
  },
  messagesEdit: {
    request: { example: { value: { message: "Where is my second order?" } } },
    response: eventExamples,
  },
  messagesMessage: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            id: "019a5c5e-7e44-7c01-8b5f-2a1d3c4e5f60",
            sessionId: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
            runId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
            role: "assistant",
            content: "You said: Where is my order?",
            parentMessageId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3e",
            executionMode: "runtime_orchestrator",
            createdAt: 1764489600000,
            status: "completed",
            model: "gpt-5-mini",
            finishReason: "stop",
            error: null,
            usage: { tokens: 42, latencyMs: 1234 },
            parts: [
              {
                id: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d:1",
                type: "text",
                data: { content: "You said: Where is my order?" },
                timestamp: "2025-11-30T08:00:00.000Z",
              },
            ],
            attachments: [],
            feedback: null,
            siblings: ["019a5c5e-7e44-7c01-8b5f-2a1d3c4e5f60", "019a5c5f-1a22-7d0e-9c3b-4e5f60718293"],
            leaf: "019a5c5e-7e44-7c01-8b5f-2a1d3c4e5f60",
          },
        },
      },
    },
  },
}
