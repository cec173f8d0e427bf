/** `docs/reference/protocols.md`: the frames that each output protocol writes for each event of a run, from the encoders. */
import type { Draft, MessageType } from "../src/protocol/agent2ui/Message.ts"
import { draft, envelop, messageTypes } from "../src/protocol/agent2ui/Message.ts"
import { agUi } from "../src/protocol/ag-ui/AgUi.ts"
import { uiStream } from "../src/protocol/ai-sdk/UiStream.ts"
import { version1 } from "../src/protocol/agent2ui/Version1.ts"
import { version2 } from "../src/protocol/agent2ui/Version2.ts"
import { chatChunks } from "../src/protocol/openai/ChatChunks.ts"
import type { OutputProtocol } from "../src/protocol/Encoder.ts"
import type { LogEntry, RunEvent } from "../src/runs/RunEvent.ts"
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
  retract: { type: "retract", data: { runId: runOf().id, fromSeq: 1, toSeq: 2, reason: "It failed." } },
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

const nameOfType = ({ type }: Readonly<Record<string, unknown>>): string => String(type)

/** Chunks have no types, so a field names what they carry. */
const nameOfChunk = ({ choices }: Readonly<Record<string, unknown>>): string => {
  const chunk = Array.isArray(choices) ? JSON.stringify(choices[0]) : undefined
  if (chunk === undefined) return "error"
  const fields = ["reasoning_content", "content"]
  return fields.find((field) => chunk.includes(`"${field}"`)) ?? "finish_reason"
}

const openAi = chatChunks({ model: "agent", includeUsage: false, hold: false })
const agUiRequest = { threadId: "t", runId: "r", messages: [], calls: new Map(), ignored: [] }

const protocols: ReadonlyArray<Shown> = [
  { title: "Agent2UI 2", protocol: version2, nameOf: nameOfType },
  { title: "Agent2UI 1", protocol: version1, nameOf: nameOfType },
  { title: "AG-UI", protocol: agUi(agUiRequest), nameOf: nameOfType },
  { title: "AI SDK", protocol: uiStream(), nameOf: nameOfType },
  { title: "OpenAI chat", protocol: openAi, nameOf: nameOfChunk },
]

const messageOf = (type: MessageType, seq: number): RunEvent => ({
  event: "message",
  data: envelop(draft(samples[type]), `${runOf().id}:${seq}`, at),
})

/** A terminal event of Agent2UI has its name in the line `event:`. */
const nameIn = ({ nameOf }: Shown, frame: string): string => {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1]
  const event = field("event") ?? "message"
  const data = field("data") ?? ""
  if (event !== "message") return event
  return data.startsWith("{") ? nameOf(JSON.parse(data)) : data
}

interface Written {
  readonly frames: ReadonlyArray<string>
  readonly isEnd: boolean
}

/** The frames that the last of the events adds to a stream, each name once. The first event takes those that begin a stream. */
const written = (shown: Shown, events: ReadonlyArray<RunEvent>): Written => {
  const encoder = shown.protocol.encoder(runOf())
  const entries = [messageOf("progress", 1), ...events].map((event, index): LogEntry => ({
    seq: index + 1,
    event,
  }))
  encoder.opening(0)
  encoder.frames(entries.slice(0, -1))
  const frames = encoder
    .frames(entries.slice(-1))
    .split("\n\n")
    .filter((frame) => /^data: /m.test(frame))
  return { frames: [...new Set(frames.map((frame) => nameIn(shown, frame)))], isEnd: encoder.ended }
}

const ofMessage = (shown: Shown, type: MessageType): Written => {
  const first = before[type]
  const events = first === undefined ? [type] : [first, type]
  return written(
    shown,
    events.map((each, index) => messageOf(each, index + 2)),
  )
}

const cell = ({ frames }: Written): string =>
  frames.length === 0 ? "left out" : frames.map((name) => `\`${name}\``).join(", ")

const titles = protocols.map(({ title }) => title)

/** One row for each message type: its name, then a cell for each protocol. */
export const messages = {
  head: ["message", ...titles],
  rows: (): ReadonlyArray<ReadonlyArray<string>> =>
    messageTypes.map((type) => [
      `\`${type}\``,
      ...protocols.map((shown) => {
        const text = ofMessage(shown, type)
        return text.isEnd ? `${cell(text)}: the stream ends` : cell(text)
      }),
    ]),
}

const { id: runId, sessionId, userMessageId: messageId } = runOf()
const done: RunEvent = {
  event: "done",
  data: {
    sessionId,
    runId,
    messageId,
    usage: { tokens: 1, latencyMs: 1 },
    executionMode: "runtime_orchestrator",
  },
}
const failed = (code: string): RunEvent => ({
  event: "error",
  data: { code, message: "It failed.", runId, recoverable: true },
})

const endings: ReadonlyArray<readonly [end: string, events: ReadonlyArray<RunEvent>]> = [
  ["answered", [messageOf("text", 2), done]],
  ["interrupted", [messageOf("tool_call", 2), messageOf("interrupt", 3), done]],
  ["cancelled", [messageOf("text", 2), failed("EXECUTION_CANCELLED")]],
  ["failed", [messageOf("text", 2), failed("UPSTREAM_FAILED")]],
]

export const ends = {
  head: ["end of the run", ...titles],
  rows: (): ReadonlyArray<ReadonlyArray<string>> =>
    endings.map(([end, events]) => [end, ...protocols.map((shown) => cell(written(shown, events)))]),
}

const list = (types: ReadonlyArray<string>): string =>
  types.length === 0 ? "none" : types.map((type) => `\`${type}\``).join(", ")

/** Text of other types than these has lost its type. */
const texts = new Set<MessageType>(["text", "markdown"])

/** One row for each protocol: the messages that it cannot carry, by the treatment that they get. */
export const limits = {
  head: ["protocol", "left out", "only as text", "own extension", "ends the stream"],
  rows: (): ReadonlyArray<ReadonlyArray<string>> =>
    protocols.map((shown) => {
      const text = cell(ofMessage(shown, "text"))
      const where = (holds: (written: Written, type: MessageType) => boolean) =>
        list(messageTypes.filter((type) => holds(ofMessage(shown, type), type)))
      const isOwn = (name: string) => name === "CUSTOM" || name.startsWith("data-")
      const isBetweenSteps = (name: string) => name === "finish-step" || name === "start-step"
      return [
        shown.title,
        where(({ frames, isEnd }) => frames.length === 0 && !isEnd),
        where((each, type) => !texts.has(type) && cell(each) === text),
        where(
          ({ frames }) => frames.some(isOwn) && frames.every((name) => isOwn(name) || isBetweenSteps(name)),
        ),
        where(({ isEnd }) => isEnd),
      ]
    }),
}
