/** A turn with parts of all types: a first attempt that was taken back, a fallback, and the answer of the second attempt. */
import * as ExpiredRun from "../../src/chat/ExpiredRun.ts"
import type { Run } from "../../src/domain/Run.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import * as TerminalEvent from "../../src/runs/TerminalEvent.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import {
  assistantMessageId,
  noon,
  planStep,
  run,
  runId,
  text,
  thinking,
  toolCall,
  toolResult,
} from "../support/fixtures.ts"

const timestamp = new Date(noon).toISOString()
const place = { arguments: { q: 1 }, status: "calling" } as const
const result = { result: { hits: 3 }, success: true } as const

const first: ReadonlyArray<Draft> = [
  text("wrong "),
  { type: "table", data: { columns: [{ key: "a", title: "wrong" }], rows: [{ a: 1 }] } },
  text("answer"),
]

const second: ReadonlyArray<Draft> = [
  {
    type: "plan",
    data: { steps: [{ id: "s1", title: "Search", status: "pending" }], currentStep: "s1" },
  },
  planStep("s1"),
  thinking("Hm."),
  { type: "thinking", data: { content: "I rea", stage: "reasoning" } },
  { type: "thinking", data: { content: "son.", stage: "reasoning" } },
  toolCall("c1"),
  toolResult("c1"),
  { type: "skill_call", data: { skillId: "k", skillName: "sum", ...place }, metadata: { callId: "c2" } },
  { type: "skill_result", data: { skillId: "k", skillName: "sum", ...result }, metadata: { callId: "c2" } },
  { type: "mcp_call", data: { serverId: "m", toolName: "look", ...place }, metadata: { callId: "c3" } },
  { type: "mcp_result", data: { serverId: "m", toolName: "look", ...result }, metadata: { callId: "c3" } },
  planStep("s1", "completed"),
  { type: "progress", data: { current: 1, total: 2, percentage: 50, label: "load" } },
  { type: "progress", data: { current: 2, total: 2, percentage: 100, label: "load" } },
  { type: "sandbox_status", data: { sandboxId: "x", status: "running" } },
  { type: "sandbox_log", data: { sandboxId: "x", level: "info", message: "start", timestamp } },
  { type: "sandbox_output", data: { sandboxId: "x", stream: "stdout", content: "out", timestamp } },
  { type: "sandbox_status", data: { sandboxId: "x", status: "success" } },
  text("At "),
  text("the "),
  text("corner. 😀"),
  { type: "markdown", data: { content: "**bo" } },
  { type: "markdown", data: { content: "ld**" } },
  { type: "code", data: { language: "ts", code: "const a = 1" } },
  { type: "table", data: { columns: [{ key: "a", title: "Right" }], rows: [{ a: 2 }] } },
  { type: "chart", data: { chartType: "line", title: "Sales", series: [{ name: "s", data: [1] }] } },
  { type: "image", data: { url: "/cat.png", alt: "A cat" } },
  { type: "file", data: { url: "/files/f1", filename: "a.csv", mimeType: "text/csv" } },
  { type: "report", data: { title: "Report", sections: [{ heading: "Head", content: [] }] } },
  { type: "error", data: { code: "PARTIAL", message: "A source is missing." } },
]

const question: Draft = {
  type: "interrupt",
  data: { interruptId: "i1", reason: "tool_call", message: "Charge?", toolName: "charge", arguments: {} },
}

const lost = { type: "retract", data: { runId, fromSeq: 1, toSeq: 3, reason: "It failed." } } as const
const replaced: Draft = {
  type: "fallback",
  data: { from: "runtime_orchestrator", to: "direct_llm", reason: "It failed.", code: "UPSTREAM_FAILED" },
}

export const answered: ReadonlyArray<Draft> = [...first, lost, replaced, ...second]
export const interrupted: ReadonlyArray<Draft> = [...answered, question]
export const cut: ReadonlyArray<Draft> = [...answered, toolCall("c4"), text(" And")]

const error = (code: string) => ({ code, message: "It ended early.", runId, recoverable: true })

export const completedRun = run({
  status: "completed",
  assistantMessageId,
  executionMode: "direct_llm",
  usage: { tokens: 7 },
  finishReason: "stop",
  endedAt: noon + 5,
})
export const interruptedRun = run({ ...completedRun, finishReason: "interrupt" })
export const failedRun = run({ status: "failed", error: error("UPSTREAM_FAILED"), endedAt: noon + 5 })
export const cancelledRun = run({
  status: "cancelled",
  assistantMessageId,
  error: error("EXECUTION_CANCELLED"),
  endedAt: noon + 5,
})

/** The events of the run as its readers got them. */
export const streamed = (drafts: ReadonlyArray<Draft>, of: Run): ReadonlyArray<LogEntry> => {
  const log = new RunLog(runId)
  for (const draft of drafts) log.message(draft, noon)
  const end = TerminalEvent.terminalOf(of)
  if (end !== undefined) log.end(end)
  return log.read(0).map(({ event, seq }) => ({ event, seq }))
}

/** The events that a reader gets after the stored events were deleted. The parts come from their column. */
export const expired = (drafts: ReadonlyArray<Draft>, of: Run): ReadonlyArray<LogEntry> => {
  const transcript = new Transcript()
  for (const draft of drafts) transcript.add(draft, noon)
  return ExpiredRun.entriesOf(of, JSON.parse(JSON.stringify(transcript.parts(runId))), 0)
}
