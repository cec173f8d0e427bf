/** The session of several examples, with its question and its answer. */
export const sessionExample = {
  id: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
  orgId: "acme",
  userId: "ana",
  agentId: "019a5c5e-7000-7b11-8000-0000000000a1",
  title: "Where is my order?",
  cohort: null,
  createdAt: 1764489600000,
  updatedAt: 1764489600000,
  titleSource: "message",
  pinned: false,
  archived: false,
  status: "idle",
  activeRunId: null,
  messageCount: 2,
  runCount: 1,
}

/** As in an export. */
export const questionExample = {
  id: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3e",
  sessionId: sessionExample.id,
  runId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
  role: "user",
  content: "Where is my order?",
  parentMessageId: null,
  executionMode: null,
  createdAt: 1764489600000,
  parts: [],
  attachments: [
    {
      fileId: "019a5c5e-7a10-7b2c-8d4e-1f2a3b4c5d6e",
      filename: "order.pdf",
      mediaType: "application/pdf",
      kind: "pdf",
      bytes: 48213,
      url: "/api/v1/files/019a5c5e-7a10-7b2c-8d4e-1f2a3b4c5d6e",
    },
  ],
  feedback: null,
}

export const answerExample = {
  id: "019a5c5e-7e44-7c01-8b5f-2a1d3c4e5f60",
  sessionId: sessionExample.id,
  runId: questionExample.runId,
  role: "assistant",
  content: "You said: Where is my order?",
  parentMessageId: questionExample.id,
  executionMode: "runtime_orchestrator",
  createdAt: 1764489600000,
  status: "completed",
  model: "gpt-5-mini",
  finishReason: "stop",
  error: null,
  usage: { tokens: 42, latencyMs: 1234 },
  parts: [
    {
      id: `${questionExample.runId}:1`,
      type: "text",
      data: { content: "You said: Where is my order?" },
      timestamp: "2025-11-30T08:00:00.000Z",
    },
  ],
  attachments: [],
  feedback: null,
}
