/** Turns the events of a run into lines for the terminal. Pure, but a `Transcript` remembers the events before. */
import type { ChatEvent, Message, RunDone, RunError } from "../client/Contract.ts"
import { aligned } from "./Columns.ts"
import { printable } from "../domain/PlainText.ts"

/** `thinking` arrives in pieces like the answer; a note is one whole line. */
export interface Piece {
  readonly channel: "answer" | "thinking" | "note"
  readonly text: string
}

/** Longer values are in `crossfade runs show --content`. */
const longestValue = 200

const short = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "")
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text
}

const took = (ms: number | undefined): string => (ms === undefined ? "" : `, ${Math.round(ms)} ms`)

type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>["data"]

const tableText = ({ columns, rows }: Of<"table">): string =>
  aligned([
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ key }) => short(Object.hasOwn(row, key) ? (row[key] ?? "") : ""))),
  ]).join("\n")

const reportText = ({ sections, summary, title }: Of<"report">): string =>
  [
    title,
    ...(summary === undefined ? [] : [summary]),
    ...sections.map(({ content, heading }) => `\n${heading}\n${content.map(answerOf).join("")}`),
  ].join("\n")

/** The part of the answer that a message holds; empty for others. */
const answerOf = (message: Message): string => {
  switch (message.type) {
    case "text":
    case "markdown":
      return message.data.content
    case "code":
      return `\n\`\`\`${message.data.language}\n${message.data.code}\n\`\`\`\n`
    case "table":
      return `\n${tableText(message.data)}\n`
    case "chart":
      return `\n[chart: ${message.data.title ?? message.data.chartType}]\n`
    case "image":
      return `\n[image: ${message.data.alt ?? message.data.caption ?? ""} ${short(message.data.url)}]\n`
    case "file":
      return `\n[file: ${message.data.filename} ${short(message.data.url)}]\n`
    case "report":
      return `\n${reportText(message.data)}\n`
    default:
      return ""
  }
}

const resultOf = (name: string, data: Of<"tool_result">): string =>
  `result ${name}: ${data.success ? "success" : `failed, ${data.error ?? "without a reason"}`}${took(data.duration)}, ${short(data.result)}`

/** A line about the way to the answer; undefined for messages without one. */
const noteOf = (message: Message): string | undefined => {
  switch (message.type) {
    case "tool_call":
      return `call ${message.data.toolName} ${short(message.data.arguments)}`
    case "skill_call":
      return `call ${message.data.skillName} ${short(message.data.arguments)}`
    case "mcp_call":
      return `call ${message.data.serverId}/${message.data.toolName} ${short(message.data.arguments)}`
    case "tool_result":
      return resultOf(message.data.toolName, { ...message.data })
    case "skill_result":
      return resultOf(message.data.skillName, { ...message.data, toolName: message.data.skillName })
    case "mcp_result":
      return resultOf(`${message.data.serverId}/${message.data.toolName}`, { ...message.data })
    case "progress":
      return `${message.data.label ?? "progress"} ${message.data.current} of ${message.data.total}`
    case "error":
      return `error ${message.data.code}: ${message.data.message}`
    case "sandbox_log":
      return `sandbox ${message.data.level}: ${message.data.message}`
    case "sandbox_output":
      return `sandbox ${message.data.stream}: ${message.data.content.trimEnd()}`
    case "sandbox_status":
      return `sandbox ${message.data.status}`
    case "interrupt":
      return `the agent asks: ${message.data.message ?? message.data.reason}`
    case "fallback":
      return `fallback ${message.data.from} -> ${message.data.to}: ${message.data.reason} (${message.data.code})`
    case "retract":
      return `the answer so far is withdrawn: ${message.data.reason}`
    default:
      return undefined
  }
}

const doneNote = ({ executionMode, finishReason, model, sessionId, usage }: RunDone): string =>
  [
    `answered by ${executionMode}`,
    ...(model === undefined ? [] : [model]),
    `${(usage.latencyMs / 1000).toFixed(1)} s`,
    ...(finishReason === undefined || finishReason === "stop" ? [] : [`ended by ${finishReason}`]),
    `continue with --session ${sessionId}`,
  ].join(", ")

export const errorText = ({
  callId,
  code,
  httpStatus,
  message,
  recoverable,
  stepId,
  traceId,
}: RunError): string =>
  [
    `The run failed: ${message} (${httpStatus === undefined ? "" : `${httpStatus} `}${code})`,
    ...(stepId === undefined ? [] : [`  step: ${stepId}`]),
    ...(callId === undefined ? [] : [`  call: ${callId}`]),
    ...(traceId === undefined ? [] : [`  trace: ${traceId}`]),
    ...(recoverable ? ["The same message can succeed later."] : []),
  ].join("\n")

export class Transcript {
  /** Pieces of the answer by their place, so that a retract can take them back. */
  readonly #answer = new Map<number, string>()
  readonly #steps = new Map<string, string>()

  /** The answer without retracted parts. */
  get answer(): string {
    return [...this.#answer.values()].join("")
  }

  take(event: ChatEvent): ReadonlyArray<Piece> {
    if (event.event === "done") return [{ channel: "note", text: printable(doneNote(event.data)) }]
    if (event.event !== "message") return []
    return this.#pieces(event.data, event.seq).map((piece) => ({ ...piece, text: printable(piece.text) }))
  }

  #pieces(message: Message, seq: number): ReadonlyArray<Piece> {
    if (message.type === "thinking") return [{ channel: "thinking", text: message.data.content }]
    if (message.type === "plan")
      return message.data.steps.flatMap(({ id, status, title }) => this.#step(id, title, status, undefined))
    if (message.type === "plan_step") {
      const { durationMs, error, status, stepId, title } = message.data
      return this.#step(stepId, title, error === undefined ? status : `${status}, ${error}`, durationMs)
    }
    if (message.type === "retract") this.#retract(message.data)
    const note = noteOf(message)
    if (note !== undefined) return [{ channel: "note", text: note }]
    const text = answerOf(message)
    if (text === "") return []
    this.#answer.set(seq, printable(text))
    return [{ channel: "answer", text }]
  }

  /** A plan arrives again with each change: only the changed steps are news. */
  #step(id: string, title: string, status: string, durationMs: number | undefined): ReadonlyArray<Piece> {
    if (this.#steps.get(id) === status) return []
    this.#steps.set(id, status)
    return [{ channel: "note", text: `step ${title}: ${status}${took(durationMs)}` }]
  }

  #retract({ fromSeq, toSeq }: Of<"retract">): void {
    for (const seq of this.#answer.keys()) if (seq >= fromSeq && seq <= toSeq) this.#answer.delete(seq)
  }
}
