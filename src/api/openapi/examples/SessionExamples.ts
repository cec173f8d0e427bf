/** The examples of the routes that organise sessions. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"
import { questionExample, sessionExample } from "./StoredSession.ts"

const run = {
  id: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
  sessionId: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
  orgId: "acme",
  userId: "ana",
  agentId: "019a5c5e-7000-7b11-8000-0000000000a1",
  userMessageId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3e",
  assistantMessageId: "019a5c5e-7e44-7c01-8b5f-2a1d3c4e5f60",
  status: "completed",
  executionMode: "runtime_orchestrator",
  error: null,
  usage: { tokens: 22, estimated: true },
  model: null,
  finishReason: "stop",
  traceId: null,
  createdAt: 1764489600000,
  endedAt: 1764489600000,
}

const start = {
  type: "export",
  version: 1,
  orgId: "acme",
  userId: "ana",
  sessionId: null,
  exportedAt: 1764489700000,
}
const end = { type: "end", sessions: 1, messages: 2, runs: 1 }
/** Each example is one line. */
const lines = {
  start: { summary: "The first line", value: start },
  session: { summary: "A session", value: { type: "session", session: sessionExample } },
  message: {
    summary: "A message of the session above it",
    value: { type: "message", message: questionExample },
  },
  run: { summary: "A run of the session above it", value: { type: "run", run } },
  failed: {
    summary: "The last line of an export that failed",
    value: { type: "error", error: { code: "OVERLOADED", message: "The store is not available." } },
  },
  end: { summary: "The last line of a complete export", value: end },
}

export const sessionExamples: ExamplesByOperation = {
  sessionsCounts: {
    response: {
      example: { value: { success: true, data: { total: 12, archived: 4, pinned: 1, running: 0 } } },
    },
  },
  sessionsUpdate: {
    request: {
      rename: { summary: "Rename", value: { title: "Order 1234" } },
      pin: { summary: "Pin", value: { pinned: true } },
      archive: { summary: "Archive", value: { archived: true } },
    },
    response: {
      example: {
        value: {
          success: true,
          data: { ...sessionExample, title: "Order 1234", titleSource: "user", pinned: true },
        },
      },
    },
  },
  sessionsRuns: {
    response: {
      example: { value: { success: true, data: { runs: [run], nextCursor: null, hasMore: false } } },
    },
  },
  sessionsCancel: {
    response: {
      example: {
        value: { success: true, data: { sessionId: run.sessionId, runId: run.id, cancelled: true } },
      },
    },
  },
  sessionsExport: { response: lines },
  sessionsExportAll: { response: lines },
  sessionsExportOfUser: { response: lines },
}
