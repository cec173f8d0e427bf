/**
 * The Agent2UI messages: one schema for each type of the event protocol. TypeScript types, JSON Schema and the OpenAPI
 * document derive only from this file.
 *
 * A `Draft` is a message without its envelope (`type`, `data`, `metadata`). Executors emit a `ValidDraft`, which only the
 * constructors in this file make. The run's log adds id and time with `envelop`.
 */
import * as Brand from "effect/Brand"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Interrupt } from "../../domain/Interrupt.ts"
import { PlanStep, StepStatus } from "./PlanStep.ts"

const opt = Schema.optionalKey
const text = Schema.String
const num = Schema.Finite
/** Any JSON value: arguments and results are the tools' own. */
const json = Schema.Json
const record = Schema.Record(Schema.String, json)
/** Other programs write the times inside message data, so they stay unchanged. */
const time = Schema.String

export const ThinkingStage = Schema.Literals(["analyzing", "planning", "reasoning", "concluding"])

const CallStatus = Schema.Literals(["calling", "success", "error"])
const call = {
  arguments: record,
  status: CallStatus,
  result: opt(json),
  error: opt(text),
  duration: opt(num),
}
const result = { result: json, success: Schema.Boolean, error: opt(text), duration: opt(num) }
const tool = { toolName: text }
const skill = { skillId: text, skillName: text }
const mcp = { serverId: text, toolName: text }
const content = Schema.Struct({ content: text })

const TableColumn = Schema.Struct({
  key: text,
  title: text,
  type: opt(Schema.Literals(["string", "number", "date", "boolean"])),
  width: opt(Schema.Union([num, text])),
  sortable: opt(Schema.Boolean),
})

/** `data` of every type except `report`, which holds messages itself. */
const leafData = {
  text: content,
  markdown: content,
  thinking: Schema.Struct({ content: text, stage: opt(ThinkingStage) }),
  code: Schema.Struct({
    language: text,
    code: text,
    filename: opt(text),
    highlightLines: opt(Schema.Array(num)),
  }),
  table: Schema.Struct({
    columns: Schema.Array(TableColumn),
    rows: Schema.Array(record),
    pagination: opt(Schema.Struct({ page: num, pageSize: num, total: num })),
  }),
  chart: Schema.Struct({
    chartType: Schema.Literals(["line", "bar", "pie", "scatter", "area"]),
    title: opt(text),
    xAxis: opt(Schema.Struct({ data: Schema.Array(Schema.Union([text, num])), name: opt(text) })),
    yAxis: opt(Schema.Struct({ name: opt(text) })),
    series: Schema.Array(Schema.Struct({ name: text, data: Schema.Array(json), type: opt(text) })),
  }),
  image: Schema.Struct({
    url: text,
    alt: opt(text),
    width: opt(num),
    height: opt(num),
    caption: opt(text),
  }),
  file: Schema.Struct({ url: text, filename: text, mimeType: text, size: opt(num) }),
  plan: Schema.Struct({ steps: Schema.Array(PlanStep), currentStep: text, progress: opt(num) }),
  plan_step: Schema.Struct({
    stepId: text,
    title: text,
    status: StepStatus,
    tool: opt(text),
    params: opt(record),
    result: opt(json),
    error: opt(text),
    durationMs: opt(num),
  }),
  progress: Schema.Struct({
    current: num,
    total: num,
    percentage: num,
    label: opt(text),
    status: opt(Schema.Literals(["active", "success", "error"])),
  }),
  tool_call: Schema.Struct({ ...tool, ...call }),
  tool_result: Schema.Struct({ ...tool, ...result }),
  skill_call: Schema.Struct({ ...skill, ...call }),
  skill_result: Schema.Struct({ ...skill, ...result }),
  mcp_call: Schema.Struct({ ...mcp, ...call }),
  mcp_result: Schema.Struct({ ...mcp, ...result }),
  error: Schema.Struct({
    code: text,
    message: text,
    details: opt(json),
    recoverable: opt(Schema.Boolean),
    retryAction: opt(text),
  }),
  sandbox_log: Schema.Struct({
    sandboxId: text,
    level: Schema.Literals(["debug", "info", "warn", "error"]),
    message: text,
    timestamp: time,
    source: opt(text),
  }),
  sandbox_output: Schema.Struct({
    sandboxId: text,
    stream: Schema.Literals(["stdout", "stderr"]),
    content: text,
    timestamp: time,
    exitCode: opt(num),
  }),
  sandbox_status: Schema.Struct({
    sandboxId: text,
    status: Schema.Literals(["starting", "running", "success", "error", "timeout"]),
    startedAt: opt(time),
    endedAt: opt(time),
    durationMs: opt(num),
    resourceUsage: opt(Schema.Struct({ cpuPercent: opt(num), memoryMb: opt(num) })),
  }),
  /** An extension of the gateway: the agent waits for an answer. `metadata.callId` names the waiting call. */
  interrupt: Interrupt,
  /** An extension of the gateway: the turn continues in another mode. `code` is the code of the causing error. */
  fallback: Schema.Struct({ from: text, to: text, reason: text, code: text }),
  /** An extension of the gateway: retracts the content of the events `fromSeq`..`toSeq` of this run. */
  retract: Schema.Struct({ runId: text, fromSeq: num, toSeq: num, reason: text }),
}

/**
 * `metadata.callId` pairs a call with its result, and `metadata.stepId` names the plan step. Other keys are allowed.
 */
export const Metadata = Schema.StructWithRest(Schema.Struct({ callId: opt(text), stepId: opt(text) }), [
  record,
])
export type Metadata = typeof Metadata.Type

/** The schemas of one type: without its envelope, and as sent on the wire. */
const kind = <const Type extends string, Data extends Schema.Top>(type: Type, data: Data) => {
  const draft = { type: Schema.Literal(type), data, metadata: opt(Metadata) }
  return {
    draft: Schema.Struct(draft),
    message: Schema.Struct({
      id: text,
      type: draft.type,
      data,
      timestamp: time,
      metadata: draft.metadata,
    }).annotate({
      identifier: `Agent2UI_${type}`,
    }),
  }
}

type LeafData = { readonly [Type in keyof typeof leafData]: (typeof leafData)[Type]["Type"] }

export interface ReportData {
  readonly title: string
  readonly sections: ReadonlyArray<{ readonly heading: string; readonly content: ReadonlyArray<Message> }>
  readonly summary?: string
  readonly generatedAt?: string
}

type Data = LeafData & { readonly report: ReportData }
export type MessageType = keyof Data

type MessageOf<Types extends MessageType> = {
  readonly [Type in Types]: {
    readonly id: string
    readonly type: Type
    readonly data: Data[Type]
    readonly timestamp: string
    readonly metadata?: Metadata
  }
}[Types]

type DraftOf<Types extends MessageType> = {
  readonly [Type in Types]: {
    readonly type: Type
    readonly data: Data[Type]
    readonly metadata?: Metadata
  }
}[Types]

/** One Agent2UI message on the wire; its JSON form has the same shape. */
export type Message = MessageOf<MessageType>

/** A message before the run's log gives it an id and a time. */
export type Draft = DraftOf<MessageType>

/** A draft that a constructor of this file made, so it fits its schema. */
export type ValidDraft = Draft & Brand.Brand<"Draft">

const ReportData: Schema.Codec<ReportData> = Schema.Struct({
  title: text,
  sections: Schema.Array(
    Schema.Struct({
      heading: text,
      content: Schema.Array(Schema.suspend((): Schema.Codec<Message> => Message)),
    }),
  ),
  summary: opt(text),
  generatedAt: opt(time),
})

const kinds = {
  text: kind("text", leafData.text),
  markdown: kind("markdown", leafData.markdown),
  thinking: kind("thinking", leafData.thinking),
  code: kind("code", leafData.code),
  table: kind("table", leafData.table),
  chart: kind("chart", leafData.chart),
  image: kind("image", leafData.image),
  file: kind("file", leafData.file),
  plan: kind("plan", leafData.plan),
  plan_step: kind("plan_step", leafData.plan_step),
  progress: kind("progress", leafData.progress),
  tool_call: kind("tool_call", leafData.tool_call),
  tool_result: kind("tool_result", leafData.tool_result),
  skill_call: kind("skill_call", leafData.skill_call),
  skill_result: kind("skill_result", leafData.skill_result),
  mcp_call: kind("mcp_call", leafData.mcp_call),
  mcp_result: kind("mcp_result", leafData.mcp_result),
  error: kind("error", leafData.error),
  report: kind("report", ReportData),
  sandbox_log: kind("sandbox_log", leafData.sandbox_log),
  sandbox_output: kind("sandbox_output", leafData.sandbox_output),
  sandbox_status: kind("sandbox_status", leafData.sandbox_status),
  interrupt: kind("interrupt", leafData.interrupt),
  fallback: kind("fallback", leafData.fallback),
  retract: kind("retract", leafData.retract),
} satisfies Record<MessageType, object>

export const messageTypes = Object.keys(kinds) as ReadonlyArray<MessageType>

/** Any Agent2UI message. The type annotation breaks the cycle through `report`; the schemas above define the shape. */
export const Message: Schema.Codec<Message> = Schema.Union(
  Object.values(kinds).map((kind) => kind.message),
).annotate({ identifier: "Agent2UIMessage" })

const ValidDraft: Schema.Codec<Draft> = Schema.Union(Object.values(kinds).map((kind) => kind.draft))

const valid = Brand.nominal<ValidDraft>()

/**
 * Makes a draft. Throws if its schema refuses it. Upstream wires are validated before, so only a bug in a mapping
 * causes this.
 */
export const draft = (draft: Draft): ValidDraft => valid(ValidDraft.make(draft))

const decodeValidDraft = Schema.decodeUnknownOption(ValidDraft)

/** Reads a draft that an upstream sent. None if its schema refuses it. */
export const decodeDraft = (json: unknown): Option.Option<ValidDraft> =>
  Option.map(decodeValidDraft(json), valid)

/** Makes a chunk of the answer, equal to `draft` without its cost for each token. */
export const textDraft = (content: string, metadata?: Metadata): ValidDraft =>
  valid(
    metadata === undefined
      ? { type: "text", data: { content } }
      : { type: "text", data: { content }, metadata },
  )

/** Makes a chunk of a model's reasoning, equal to `draft` without its cost for each token. */
export const reasoningDraft = (content: string): ValidDraft =>
  valid({ type: "thinking", data: { content, stage: "reasoning" } })

/** Adds the envelope of the run's log. */
export const envelop = <Type extends MessageType>(
  { data, metadata, type }: DraftOf<Type>,
  id: string,
  timestamp: string,
): MessageOf<Type> =>
  metadata === undefined ? { id, type, data, timestamp } : { id, type, data, timestamp, metadata }
