/** An example and the meaning of every event of a run's stream. */
import type { MessageType } from "../../../protocol/agent2ui/Message.ts"
import type { Json, JsonObject } from "../Schemas.ts"

const runId = "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d"

interface MessageExample {
  readonly meaning: string
  readonly data: JsonObject
  /** The call of a `…_call`, `…_result` or `interrupt`. */
  readonly callId?: string
}

export const messageExamples: Readonly<Record<MessageType, MessageExample>> = {
  text: { meaning: "The next piece of the answer, plain text. Append it.", data: { content: "Your order" } },
  markdown: { meaning: "A part of the answer in Markdown.", data: { content: "**Shipped** on Monday." } },
  thinking: {
    meaning: "The agent's reasoning. Not a part of the answer.",
    data: { content: "The user asks for an order.", stage: "analyzing" },
  },
  code: {
    meaning: "A piece of program code, complete.",
    data: { language: "python", code: "print(6 * 7)", filename: "answer.py" },
  },
  table: {
    meaning: "A table, complete.",
    data: { columns: [{ key: "order", title: "Order" }], rows: [{ order: "A-17" }] },
  },
  chart: {
    meaning: "The data of a chart, complete.",
    data: {
      chartType: "bar",
      xAxis: { data: ["May", "June"] },
      series: [{ name: "Orders", data: [12, 17] }],
    },
  },
  image: {
    meaning: "An image by its address.",
    data: { url: "https://example.com/parcel.png", alt: "A parcel" },
  },
  file: {
    meaning: "A file of the agent. Download it from `url` with the token.",
    data: {
      url: `/api/v1/chat/runs/${runId}/files/invoice`,
      filename: "invoice.pdf",
      mimeType: "application/pdf",
      size: 20_480,
    },
  },
  plan: {
    meaning: "The steps that the agent plans. A later plan replaces it.",
    data: { steps: [{ id: "s1", title: "Find the order", status: "running" }], currentStep: "s1" },
  },
  plan_step: {
    meaning: "The new state of one step.",
    data: { stepId: "s1", title: "Find the order", status: "completed", durationMs: 840 },
  },
  progress: {
    meaning: "The progress of a long task.",
    data: { current: 3, total: 10, percentage: 30, label: "Reading orders" },
  },
  tool_call: {
    meaning: "The agent calls a tool.",
    data: { toolName: "find_order", arguments: { id: "A-17" }, status: "calling" },
    callId: "call_7",
  },
  tool_result: {
    meaning: "The result of a tool. `metadata.callId` names the call.",
    data: { toolName: "find_order", result: { state: "shipped" }, success: true, duration: 120 },
    callId: "call_7",
  },
  skill_call: {
    meaning: "The agent uses a skill.",
    data: { skillId: "refund", skillName: "Refunds", arguments: { order: "A-17" }, status: "calling" },
    callId: "call_8",
  },
  skill_result: {
    meaning: "The result of a skill.",
    data: { skillId: "refund", skillName: "Refunds", result: "done", success: true },
    callId: "call_8",
  },
  mcp_call: {
    meaning: "The agent calls a tool of an MCP server.",
    data: { serverId: "shop", toolName: "find_order", arguments: { id: "A-17" }, status: "calling" },
    callId: "call_9",
  },
  mcp_result: {
    meaning: "The result of a tool of an MCP server.",
    data: { serverId: "shop", toolName: "find_order", result: { state: "shipped" }, success: true },
    callId: "call_9",
  },
  error: {
    meaning: "A failure that the agent reports. The run continues.",
    data: { code: "ORDER_SERVICE_DOWN", message: "The order service does not answer.", recoverable: true },
  },
  report: {
    meaning: "A report of several sections, each a list of messages.",
    data: { title: "Orders in June", sections: [{ heading: "Summary", content: [] }], summary: "17 orders" },
  },
  interrupt: {
    meaning: "The agent asks and stops. Answer with `POST /api/v1/chat/sessions/{sessionId}/resume`.",
    data: {
      interruptId: "call_7",
      reason: "tool_call",
      message: "Cancel the order A-17?",
      toolName: "cancel_order",
      arguments: { id: "A-17" },
    },
    callId: "call_7",
  },
  sandbox_log: {
    meaning: "A log line of the agent's sandbox.",
    data: { sandboxId: "b1", level: "info", message: "started", timestamp: "2025-11-30T08:00:00.000Z" },
  },
  sandbox_output: {
    meaning: "Output of a program in the agent's sandbox.",
    data: { sandboxId: "b1", stream: "stdout", content: "42\n", timestamp: "2025-11-30T08:00:01.000Z" },
  },
  sandbox_status: {
    meaning: "The new state of the agent's sandbox.",
    data: { sandboxId: "b1", status: "success", durationMs: 1200 },
  },
  fallback: {
    meaning: "The answer continues in the other mode. For the user nothing changes.",
    data: {
      from: "runtime_orchestrator",
      to: "direct_llm",
      reason: "the runtime did not answer in time",
      code: "TIMEOUT_FIRST_PROGRESS",
    },
  },
  retract: {
    meaning: "Remove the events `fromSeq` to `toSeq` of this run from the screen: the answer starts again.",
    data: { runId, fromSeq: 2, toSeq: 5, reason: "the answer starts again in the other mode" },
  },
}

const messages = Object.entries(messageExamples).map(([type, { callId, data, meaning }]) => {
  const metadata = callId === undefined ? {} : { metadata: { callId } }
  const value: Json = { id: `${runId}:2`, type, data, timestamp: "2025-11-30T08:00:00.550Z", ...metadata }
  return [type, { summary: `message, ${type}: ${meaning}`, value }] as const
})

/** By the type of a message, or the name of another event. */
export const eventExamples: JsonObject = {
  ...Object.fromEntries(messages),
  heartbeat: { summary: "heartbeat: Sent after a silence. Ignore it.", value: null },
  failed: {
    summary: "error: The last event of a turn that failed.",
    value: {
      code: "UPSTREAM_UNAVAILABLE",
      message: "The answer could not be made. Try again.",
      runId,
      recoverable: true,
    },
  },
  done: {
    summary: "done: The last event of an answer.",
    value: {
      sessionId: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
      messageId: "019a5c5e-7e44-7c01-8b5f-2a1d3c4e5f60",
      runId,
      usage: { tokens: 22, inputTokens: 14, outputTokens: 8, latencyMs: 903 },
      executionMode: "runtime_orchestrator",
      finishReason: "stop",
    },
  },
}
