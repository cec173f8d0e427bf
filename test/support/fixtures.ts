/**
 * A turn, its agent and its run with every field filled in, and the usual drafts: a test states only the fields that
 * it is about.
 */
import type { Arrival } from "../../src/chat/TurnSpan.ts"
import { plainRequests } from "../../src/domain/DirectProvider.ts"
import type { ProviderSettings } from "../../src/execution/direct/Providers.ts"
import { type Draft, draft as validDraft } from "../../src/protocol/agent2ui/Message.ts"
import { type Agent, type AgentSettings, defaultAgentId } from "../../src/domain/Agent.ts"
import { MessageId, OrgId, RunId, SessionId, UserId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import type { RuntimeSettings } from "../../src/execution/RuntimeSettings.ts"
import type { Run } from "../../src/domain/Run.ts"
import type { ExecutionEvent, Turn } from "../../src/execution/Executor.ts"

/** A UUIDv7-like id that is easy to recognise: `n` is its last digits. */
const uuid = (n: number): string => `01890000-0000-7000-8000-${String(n).padStart(12, "0")}`

export const runId = RunId.make(uuid(1))
export const sessionId = SessionId.make(uuid(2))
export const otherSessionId = SessionId.make(uuid(3))
export const userMessageId = MessageId.make(uuid(4))
export const assistantMessageId = MessageId.make(uuid(5))
export const orgId = OrgId.make("acme")
export const otherOrgId = OrgId.make("umbrella")
export const userId = UserId.make("ana")
export const runIdOf = (n: number): RunId => RunId.make(uuid(1000 + n))

export const principal: Principal = { orgId, userId, permissions: ["*"] }

/** Noon, so that a mixed-up unit or time zone shows. */
export const noon = Date.UTC(2026, 10, 22, 12)

export const agent = (settings: Partial<AgentSettings> = {}): Agent => ({
  id: defaultAgentId,
  orgId: null,
  settings: {
    name: "Helper",
    active: true,
    systemPrompt: "Be kind.",
    mcpServers: [],
    subAgents: [],
    ...settings,
  },
  createdAt: noon,
  updatedAt: noon,
})

export const turn = (fields: Partial<Turn> = {}): Turn => ({
  runId,
  sessionId,
  orgId,
  userId,
  requestId: "req-1",
  messageId: userMessageId,
  past: [],
  agent: agent(),
  message: "Where is the café?",
  attachments: [],
  history: [{ role: "user", content: fields.message ?? "Where is the café?" }],
  shadow: false,
  probe: false,
  ...fields,
})

export const run = (fields: Partial<Run> = {}): Run => ({
  id: runId,
  sessionId,
  orgId,
  userId,
  agentId: defaultAgentId,
  userMessageId,
  assistantMessageId: null,
  status: "running",
  decision: {
    order: ["runtime_orchestrator", "direct_llm"],
    reason: "default_mode",
    probe: false,
    rules: [],
  },
  executionMode: null,
  error: null,
  usage: null,
  model: null,
  finishReason: null,
  traceId: null,
  createdAt: noon,
  endedAt: null,
  ...fields,
})

export const text = (content: string): Draft => ({ type: "text", data: { content } })
export const thinking = (content: string): Draft => ({ type: "thinking", data: { content } })
export const table: Draft = { type: "table", data: { columns: [], rows: [] } }
export const planStep = (stepId: string, status: "running" | "completed" | "failed" = "running"): Draft => ({
  type: "plan_step",
  data: { stepId, title: stepId, status },
  metadata: { stepId },
})
export const toolCall = (callId: string): Draft => ({
  type: "tool_call",
  data: { toolName: "charge", arguments: {}, status: "calling" },
  metadata: { callId },
})

export const toolResult = (callId: string): Draft => ({
  type: "tool_result",
  data: { toolName: "charge", result: null, success: true },
  metadata: { callId },
})

export const says = (draft: Draft): ExecutionEvent => ({ _tag: "Message", draft: validDraft(draft) })
export const finished: ExecutionEvent = { _tag: "Finished", usage: { tokens: 7 } }

/** A test provider's settings, for tests about other things. */
export const provider: Omit<ProviderSettings, "kind" | "baseUrl"> = {
  name: "a",
  apiKey: undefined,
  model: "model-1",
  takesAgentModel: false,
  ...plainRequests,
}

/** The documented defaults, without synthetic probes. */
export const monitorSettings = {
  windowMs: 300_000,
  minSamples: 10,
  errorRate: 0.5,
  timeoutRate: 0.3,
  latencyRatio: 0.8,
  timeoutThresholdMs: 300_000,
  probes: false,
}

export const arrival: Arrival = {
  name: "POST /api/v1/chat/start",
  attributes: {},
  endAttributes: {},
  at: 0n,
  parent: undefined,
}

/** The settings of a runtime that speaks `agent2ui`. */
export const runtimeAt = (baseUrl: string, fields: Partial<RuntimeSettings> = {}): RuntimeSettings => ({
  protocol: "agent2ui",
  baseUrl,
  headers: {},
  agent: "",
  history: "full",
  errorPatterns: [],
  attachments: ["image", "pdf", "text"],
  linksFiles: true,
  ...fields,
})
