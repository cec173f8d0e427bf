/** The examples of the AI SDK's routes. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

const runId = "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d"
const sessionId = "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b"

const question = { id: "Zk3v", role: "user", parts: [{ type: "text", text: "Where is my order?" }] }

const stream = {
  start: {
    summary: "message, start: the message of the run",
    value: { type: "start", messageId: runId, messageMetadata: { runId, sessionId } },
  },
  text: {
    summary: "message, text-delta: a piece of the answer",
    value: { type: "text-delta", id: "text-1", delta: "Your order" },
  },
  finish: {
    summary: "message, finish: the end of an answer",
    value: { type: "finish", finishReason: "stop", messageMetadata: { runId, sessionId } },
  },
  error: {
    summary: "message, error: the end of a turn that failed",
    value: { type: "error", errorText: "The answer could not be made. Try again." },
  },
}

export const aiSdkExamples: ExamplesByOperation = {
  aiSdkChat: {
    request: {
      message: { value: { id: "chat-7f3a", messages: [question], trigger: "submit-message" } },
      last: { summary: "Only the last message", value: { id: "chat-7f3a", message: question } },
      approval: {
        summary: "The user has approved a call",
        value: {
          id: "chat-7f3a",
          messages: [
            question,
            {
              id: runId,
              role: "assistant",
              parts: [
                {
                  type: "dynamic-tool",
                  toolCallId: "call_7",
                  state: "approval-responded",
                  approval: { id: "call_7", approved: true },
                },
              ],
            },
          ],
          messageId: runId,
        },
      },
    },
    response: stream,
  },
  aiSdkStream: { response: stream },
  aiSdkMessages: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            messages: [
              question,
              {
                id: runId,
                role: "assistant",
                metadata: { runId, sessionId },
                parts: [
                  { type: "step-start" },
                  { type: "text", text: "Your order is on its way.", state: "done" },
                ],
              },
            ],
            nextCursor: null,
            hasMore: false,
          },
        },
      },
    },
  },
  aiSdkStop: { response: { example: { value: { success: true, data: { runId, cancelled: true } } } } },
}
