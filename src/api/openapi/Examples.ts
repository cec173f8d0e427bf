/** The examples of the API description, by operation. The tests hold each against its schema. */
import { feedbackExamples } from "./examples/FeedbackExamples.ts"
import { messagesExamples } from "./examples/MessagesExamples.ts"
import { notificationsExamples } from "./examples/NotificationsExamples.ts"
import { liveExamples } from "./examples/LiveExamples.ts"
import { openAiExamples } from "./examples/OpenAiExamples.ts"
import { agUiExamples } from "./examples/AgUiExamples.ts"
import { aiSdkExamples } from "./examples/AiSdkExamples.ts"
import { chatExamples } from "./examples/ChatExamples.ts"
import { autopilotExamples } from "./examples/AutopilotExamples.ts"
import { breakerExamples } from "./examples/BreakerExamples.ts"
import type { Examples, ExamplesByOperation } from "./examples/ExamplesByOperation.ts"
import { consoleExamples } from "./examples/ConsoleExamples.ts"
import { deletionExamples } from "./examples/DeletionExamples.ts"
import { fileExamples } from "./examples/FileExamples.ts"
import { operatorRunsExamples } from "./examples/OperatorRunsExamples.ts"
import { searchExamples } from "./examples/SearchExamples.ts"
import { rolloutExamples } from "./examples/RolloutExamples.ts"
import { sessionExamples } from "./examples/SessionExamples.ts"
import { tenantExamples } from "./examples/TenantExamples.ts"

const examples: ExamplesByOperation = {
  ...chatExamples,
  ...searchExamples,
  ...feedbackExamples,
  ...sessionExamples,
  ...messagesExamples,
  ...openAiExamples,
  ...aiSdkExamples,
  ...agUiExamples,
  ...deletionExamples,
  ...tenantExamples,
  ...breakerExamples,
  ...liveExamples,
  ...fileExamples,
  ...rolloutExamples,
  ...operatorRunsExamples,
  ...consoleExamples,
  ...autopilotExamples,
  ...notificationsExamples,
}

export const examplesOf = (operationId: string): Examples => examples[operationId] ?? {}

/** By the name of the parameter. */
export const parameterExamples: Readonly<Record<string, string>> = {
  agentId: "019a5c5e-7000-7b11-8000-0000000000a1",
  sessionId: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
  id: "chat-7f3a",
  runId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
  messageId: "019a5c5e-7b21-7f0e-8a4d-2c9b1e5f7d30",
  leaf: "latest",
  fileId: "invoice",
  keyId: "key_019a5c5e7c017aa08f56000000000001",
  userId: "ana",
  order: "activity",
  archived: "true",
  pinned: "true",
  before: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3e",
  orgId: "acme",
  erasureId: "019a5c5e-7b40-7f00-8a10-2b3c4d5e6f70",
  model: "agent:019a5c5e-7000-7b11-8000-0000000000a1",
  "x-crossfade-hold": "true",
  cursor: "WyJzZXNzaW9ucyIsIjAxOWE1YzVlIl0",
  limit: "20",
  q: 'invoice "next week"',
  since: "1764489600000",
  org: "acme",
  user: "ana",
  session: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
  agent: "019a5c5e-7000-7b11-8000-0000000000a1",
  mode: "runtime_orchestrator",
  status: "failed",
  code: "LLM_UNAVAILABLE",
  reason: "percentage",
  traceId: "5b8aa5a2d2c872e8321cf37308d69df2",
  from: "1764489600000",
  to: "1764493200000",
  feedback: "down",
  content: "true",
  protocol: "2",
  ticket: "eyJhbGciOiJIUzI1NiJ9.example.signature",
  lastEventId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d:5",
  after: "5",
  "last-event-id": "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d:5",
  "x-agent2ui-protocol": "2",
  "idempotency-key": "2f1c9a7e",
  "if-match": '"3"',
  range: "bytes=0-99",
  "if-range": '"v1"',
  "if-none-match": '"v1"',
  filename: "chart.png",
}

/** Descriptions of parameters whose schemas have other uses too. */
export const parameterMeanings: Readonly<Record<string, string>> = {
  agentId: "The agent's id, a UUID.",
  points: "The number of parts into which the time since `since` is divided, by default 28.",
  sessionId: "The session's id, a UUID.",
  id: "The chat's id, as its client chose it.",
  runId: "The run's id, a UUID: `X-Run-ID` of its stream.",
  messageId: "The message's id, a UUID: `messageId` of the `done` event, or from the session.",
  fileId: "The file's id: `fileId` of an upload, or the last part of the `url` of a `file` event.",
  keyId: "The key's id. It is not the key.",
  orgId: "An organisation.",
  q: 'The words to find. All must be in a message or in the title; the last one may be unfinished. `"…"` finds words in this order.',
  userId: "A user of the caller's organisation, as in its tokens.",
  erasureId: "The erasure's id, a UUID.",
  archived: "`true`: the archived sessions. By default the others.",
  pinned: "`true`: pinned sessions only. `false`: the others only. By default both.",
  before: "The page ends before this message: the id of a message of the session, or `nextCursor`.",
  model: "`agent:` and the agent's id, or the agent's name.",
  cursor: "`nextCursor` of the previous page.",
  limit: "The most entries of the page.",
  org: "An organisation. Without `operator:read`, only the caller's own.",
  user: "A user. Fast only together with an organisation.",
  session: "A session's id.",
  agent: "An agent's id.",
  mode: "The mode of the answer.",
  status: "The run's status.",
  code: "The code of the error that the user saw.",
  reason: "The reason of the decision, such as `percentage` or `breaker`.",
  traceId: "The trace id of a log line.",
  from: "Runs that started at this time or later, in epoch milliseconds.",
  to: "Runs that started before this time, in epoch milliseconds.",
  feedback: "The rating of the answer; `any`: feedback of any kind.",
  content:
    "`true`: with the texts of the user and the answer. Requires `admin:content` for the own organisation, or `operator:content`.",
  since: "Epoch milliseconds.",
  "if-match": "`ETag` of the settings that the change is for. If they have changed since, the answer is 412.",
}
