/** `docs/reference/protocols.md`: the frames that each output protocol writes for each message type, from the encoders. */
import type { Run } from "../src/domain/Run.ts"
import type { Draft, MessageType } from "../src/protocol/agent2ui/Message.ts"
import { draft, envelop, messageTypes } from "../src/protocol/agent2ui/Message.ts"
import { agUi } from "../src/protocol/ag-ui/AgUi.ts"
import { uiStream } from "../src/protocol/ai-sdk/UiStream.ts"
import { version1 } from "../src/protocol/agent2ui/Version1.ts"
import { version2 } from "../src/protocol/agent2ui/Version2.ts"
import { chatChunks } from "../src/protocol/openai/ChatChunks.ts"
import type { OutputProtocol } from "../src/protocol/Encoder.ts"
import type { LogEntry } from "../src/runs/RunEvent.ts"
import { run as runOf } from "../test/support/fixtures.ts"

const step = { id: "s1", title: "Search" }
const tool = { toolName: "search" }
const skill = { skillId: "sk1", skillName: "summarise" }
const mcp = { serverId: "docs", toolName: "lookup" }
const calling = { arguments: { query: "x" }, status: "calling" } as const
const succeeded = { result: { hits: 3 }, success: true }
const at = "2026-01-01T00:00:00.000Z"
const metadata = { callId: "c1" }

const samples: { readonly [Type in MessageType]: Extract<Draft, { readonly type: Type }> } = {
  text: { type: "text", data: { content: "Hello" } },
  markdown: { type: "markdown", data: { content: "**Hello**" } },
  thinking: { type: "thinking", data: { content: "Hm." } },
  code: { type: "code", data: { language: "ts", code: "let x" } },
  table: { type: "table", data: { columns: [{ key: "a", title: "A" }], rows: [{ a: 1 }] } },
  chart: { type: "chart", data: { chartType: "bar", series: [{ name: "a", data: [1] }] } },
  image: { type: "image", data: { url: "https://example.org/a.png", alt: "A" } },
  file: { type: "file", data: { url: "/a.csv", filename: "a.csv", mimeType: "text/csv" } },
  plan: { type: "plan", data: { steps: [{ ...step, status: "pending" }], currentStep: "" } },
  plan_step: { type: "plan_step", data: { stepId: "s1", title: "Search", status: "running" } },
  progress: { type: "progress", data: { current: 1, total: 2, percentage: 50 } },
  tool_call: { type: "tool_call", data: { ...tool, ...calling }, metadata },
  tool_result: { type: "tool_result", data: { ...tool, ...succeeded }, metadata },
  skill_call: { type: "skill_call", data: { ...skill, ...calling }, metadata },
  skill_result: { type: "skill_result", data: { ...skill, ...succeeded }, metadata },
  mcp_call: { type: "mcp_call", data: { ...mcp, ...calling }, metadata },
  mcp_result: { type: "mcp_result", data: { ...mcp, ...succeeded }, metadata },
  error: { type: "error", data: { code: "WARNING", message: "One source is away." } },
  report: { type: "report", data: { title: "Report", sections: [] } },
  sandbox_log: { type: "sandbox_log", data: { sandboxId: "b", level: "info", message: "x", timestamp: at } },
  sandbox_output: {
    type: "sandbox_output",
    data: { sandboxId: "b", stream: "stdout", content: "x", timestamp: at },
  },
  sandbox_status: { type: "sandbox_status", data: { sandboxId: "b", status: "running" } },
  interrupt: {
    type: "interrupt",
    data: { interruptId: "i1", reason: "tool_call", message: "Delete?" },
    metadata,
  },
  fallback: {
    type: "fallback",
    data: { from: "runtime_orchestrator", to: "direct_llm", reason: "It failed.", code: "UPSTREAM_FAILED" },
  },
  retract: { type: "retract", data: { runId: runOf().id, fromSeq: 1, toSeq: 1, reason: "It failed." } },
}

/** The messages that must come before one for it to mean anything. */
const before: Partial<Record<MessageType, MessageType>> = {
  plan_step: "plan",
  tool_result: "tool_call",
  skill_result: "skill_call",
  mcp_result: "mcp_call",
  interrupt: "tool_call",
  retract: "text",
}

interface Shown {
  readonly title: string
  readonly protocol: OutputProtocol
  /** The name of a frame in the protocol's own words, from the JSON of its `data:` line. */
  readonly nameOf: (data: Readonly<Record<string, unknown>>) => string
}

/** A terminal event has no type. */
const nameOfType = ({ type = "error" }: Readonly<Record<string, unknown>>): string => String(type)

/** Chunks have no types, so a field of the delta names what they carry. */
const nameOfChunk = ({ choices }: Readonly<Record<string, unknown>>): string => {
  const delta = Array.isArray(choices) ? JSON.stringify(choices[0]) : undefined
  return delta === undefined ? "error" : delta.includes("reasoning_content") ? "reasoning_content" : "content"
}

const openAi = chatChunks({ model: "agent", includeUsage: false, hold: false })
const agUiRequest = { threadId: "t", runId: "r", messages: [], calls: new Map(), ignored: [] }

const protocols: ReadonlyArray<Shown> = [
  { title: "Agent2UI 2", protocol: version2, nameOf: nameOfType },
  { title: "Agent2UI 1", protocol: version1, nameOf: nameOfType },
  { title: "OpenAI chat", protocol: openAi, nameOf: nameOfChunk },
  { title: "AG-UI", protocol: agUi(agUiRequest), nameOf: nameOfType },
  { title: "AI SDK", protocol: uiStream(), nameOf: nameOfType },
]

const entryOf = (type: MessageType, seq: number): LogEntry => ({
  seq,
  event: { event: "message", data: envelop(draft(samples[type]), `${runOf().id}:${seq}`, at) },
})

/** The names of the frames that the message adds to a stream. */
const framesFor = ({ nameOf, protocol }: Shown, run: Run, type: MessageType): ReadonlyArray<string> => {
  const encoder = protocol.encoder(run)
  encoder.opening(0)
  const first = before[type]
  if (first !== undefined) encoder.frames([entryOf(first, 1)])
  const text = encoder.frames([entryOf(type, first === undefined ? 1 : 2)])
  const lines = text.split("\n").filter((line) => line.startsWith("data: {"))
  return [...new Set(lines.map((line) => nameOf(JSON.parse(line.slice("data: ".length)))))]
}

/** One row for each message type: its name, then a cell for each protocol. */
export const head: ReadonlyArray<string> = ["message", ...protocols.map(({ title }) => title)]

export const rows = (): ReadonlyArray<ReadonlyArray<string>> =>
  messageTypes.map((type) => [
    `\`${type}\``,
    ...protocols.map((shown) => {
      const frames = framesFor(shown, runOf(), type)
      return frames.length === 0 ? "left out" : frames.map((name) => `\`${name}\``).join(", ")
    }),
  ])
