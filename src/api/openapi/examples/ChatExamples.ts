/** The examples of the chat routes. */
import { eventExamples } from "./EventExamples.ts"
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"
import { answerExample, questionExample, sessionExample } from "./StoredSession.ts"

export const chatExamples: ExamplesByOperation = {
  chatStart: {
    request: {
      message: { value: { agentId: "019a5c5e-7000-7b11-8000-0000000000a1", message: "Where is my order?" } },
      parts: {
        summary: "As parts, with a file",
        value: {
          agentId: "019a5c5e-7000-7b11-8000-0000000000a1",
          parts: [
            { type: "text", text: "Where is my order?" },
            { type: "file", fileId: "019a5c5e-7a10-7b2c-8d4e-1f2a3b4c5d6e" },
          ],
        },
      },
    },
    response: eventExamples,
  },
  chatSend: {
    request: {
      message: { value: { message: "And the other one?" } },
      branch: {
        summary: "Continue after an earlier message",
        value: { message: "Try it in French.", parentMessageId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3e" },
      },
      retry: { summary: "Answer the failed message again", value: { retry: true } },
    },
    response: eventExamples,
  },
  chatResume: {
    request: {
      one: {
        value: { interruptId: "call_7", payload: { approved: true }, message: "Yes, cancel the order." },
      },
      several: {
        value: {
          answers: [
            { interruptId: "call_7", payload: { approved: true } },
            { interruptId: "call_8", payload: { approved: false } },
          ],
        },
      },
    },
    response: eventExamples,
  },
  chatEvents: { response: eventExamples },
  chatSessions: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            sessions: [sessionExample],
            nextCursor: null,
            hasMore: false,
          },
        },
      },
    },
  },
  chatSession: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            ...sessionExample,
            messages: [
              {
                ...questionExample,
                status: null,
                model: null,
                finishReason: null,
                error: null,
                usage: null,
              },
              {
                ...answerExample,
                feedback: {
                  messageId: answerExample.id,
                  runId: answerExample.runId,
                  sessionId: sessionExample.id,
                  rating: "up",
                  score: null,
                  comment: null,
                  createdAt: 1764489600000,
                  updatedAt: 1764489600000,
                },
              },
            ],
            nextCursor: null,
            hasMore: false,
          },
        },
      },
    },
  },
  chatRun: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            id: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
            sessionId: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
            orgId: "acme",
            userId: "ana",
            agentId: "019a5c5e-7000-7b11-8000-0000000000a1",
            userMessageId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3e",
            assistantMessageId: "019a5c5e-7e44-7c01-8b5f-2a1d3c4e5f60",
            status: "completed",
            decision: {
              order: ["runtime_orchestrator", "direct_llm"],
              reason: "default_mode",
              probe: false,
              rules: [
                { rule: "default_mode", result: "runtime_orchestrator", decided: true },
                { rule: "breaker", result: "the runtime is in use", decided: false },
              ],
            },
            executionMode: "runtime_orchestrator",
            error: null,
            usage: { tokens: 22, estimated: true },
            model: null,
            finishReason: "stop",
            traceId: null,
            createdAt: 1764489600000,
            endedAt: 1764489600000,
            attempts: [
              {
                number: 1,
                mode: "runtime_orchestrator",
                target: "runtime",
                shadow: false,
                startedAt: 1764489600000,
                firstProgressAt: 1764489600000,
                firstContentAt: 1764489600000,
                endedAt: 1764489600000,
                outcome: "success",
                code: null,
                usage: null,
                model: null,
                failure: null,
                firstProgressMs: 75,
                firstContentMs: 75,
                durationMs: 82,
              },
            ],
            times: { totalMs: 103, overheadMs: 21, longestSilenceMs: 0 },
            eventsKept: true,
            chain: [],
            execution: [],
            nextCursor: null,
            hasMore: false,
          },
        },
      },
    },
  },
  chatTicket: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            ticket: "eyJhbGciOiJIUzI1NiJ9.example.signature",
            expiresAt: 1764489660000,
            url: "/api/v1/chat/runs/019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d/events?ticket=eyJhbGciOiJIUzI1NiJ9.example.signature",
          },
        },
      },
    },
  },
  chatCancel: {
    response: {
      example: {
        value: { success: true, data: { runId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d", cancelled: false } },
      },
    },
  },
}
