/** The parts of an answer in the order in which they are shown, and the change that each message makes to them. Pure. */
import * as Calls from "./Calls.ts"
import type { Message, MessageOf } from "./Contract.ts"
import * as Plans from "./Plans.ts"

/** Text of one event of the run within a part, so that a `retract` can take it back. */
interface Chunk {
  readonly seq: number
  readonly length: number
}

/** Chunks of text, joined. */
export interface Text {
  readonly type: "text" | "markdown"
  readonly key: string
  readonly content: string
  readonly stepId?: string
  readonly chunks: ReadonlyArray<Chunk>
}

export interface Thinking {
  readonly type: "thinking"
  readonly key: string
  readonly content: string
  readonly stage?: MessageOf<"thinking">["data"]["stage"]
  /** The call of a sub-agent whose text this is. */
  readonly callId?: string
}

/** A message that is a part by itself. */
export type Whole = {
  readonly [Type in WholeType]: {
    readonly type: Type
    readonly key: string
    readonly seq: number
    readonly data: MessageOf<Type>["data"]
    readonly stepId?: string
    /** The call that waits, of an interrupt. */
    readonly callId?: string
  }
}[WholeType]

type WholeType = Exclude<
  Message["type"],
  "text" | "markdown" | "thinking" | "plan" | "plan_step" | `${string}_call` | `${string}_result`
>

/** `key` is stable over all changes of the part. */
export type Part = Text | Thinking | Plans.Plan | Calls.Call | Whole

type Parts = ReadonlyArray<Part>

const isText = (part: Part): part is Text => part.type === "text" || part.type === "markdown"

/** A model's reasoning and a sub-agent's text come in pieces; other thoughts come in sentences. */
const separatorOf = ({ callId, stage }: Thinking): string =>
  stage === "reasoning" || callId !== undefined ? "" : "\n"

/** The two parts as one; undefined if they are shown apart. */
const joined = (last: Part | undefined, part: Part): Part | undefined => {
  if (last === undefined) return undefined
  if (isText(part) && isText(last) && last.type === part.type && last.stepId === part.stepId)
    return { ...last, content: last.content + part.content, chunks: [...last.chunks, ...part.chunks] }
  if (
    part.type === "thinking" &&
    last.type === "thinking" &&
    last.stage === part.stage &&
    last.callId === part.callId
  )
    return { ...last, content: last.content + separatorOf(part) + part.content }
  return undefined
}

const append = (parts: Parts, part: Part): Parts => {
  const both = joined(parts.at(-1), part)
  return both === undefined ? [...parts, part] : [...parts.slice(0, -1), both]
}

const textOf = (key: string, seq: number, message: MessageOf<"text" | "markdown">): Text => {
  const { content } = message.data
  const stepId = message.metadata?.stepId
  const step = stepId === undefined ? {} : { stepId }
  return { type: message.type, key, content, ...step, chunks: [{ seq, length: content.length }] }
}

const thinkingOf = (key: string, { data: { content, stage }, metadata }: MessageOf<"thinking">): Thinking => {
  const callId = metadata?.callId
  const place = callId === undefined ? {} : { callId }
  return { type: "thinking", key, content, ...(stage === undefined ? {} : { stage }), ...place }
}

const changePlan = (parts: Parts, change: (plan: Plans.Plan | undefined) => Plans.Plan): Parts => {
  const index = parts.findLastIndex((part) => part.type === "plan" && !part.left)
  const found = parts[index]
  if (found?.type !== "plan") return [...parts, change(undefined)]
  return Plans.replaced(parts, index, change(found))
}

const emptyPlan = (key: string): Plans.Plan => ({
  type: "plan",
  key,
  steps: [],
  currentStep: "",
  left: false,
})

const changeCall = (parts: Parts, key: string, message: Parameters<typeof Calls.after>[1]): Parts => {
  const index = Calls.indexOf(parts, message)
  const found = parts[index]
  if (found?.type !== "call") return [...parts, Calls.after(key, message, undefined)]
  return Plans.replaced(parts, index, Calls.after(key, message, found))
}

/** The types of an answer; calls, files and notices of a retracted text stay, because nothing runs again. */
const retractable: ReadonlySet<string> = new Set([
  "text",
  "markdown",
  "code",
  "table",
  "chart",
  "image",
  "report",
])

const retractText = (part: Text, isRetracted: (seq: number) => boolean): Part | undefined => {
  let content = ""
  let start = 0
  for (const { length, seq } of part.chunks) {
    if (!isRetracted(seq)) content += part.content.slice(start, start + length)
    start += length
  }
  const chunks = part.chunks.filter(({ seq }) => !isRetracted(seq))
  return chunks.length === 0 ? undefined : { ...part, content, chunks }
}

/** Joins neighbours that a retracted part has separated. */
const retract = (parts: Parts, { fromSeq, toSeq }: MessageOf<"retract">["data"]): Parts => {
  const isRetracted = (seq: number) => seq >= fromSeq && seq <= toSeq
  const left = parts.flatMap((part): Parts => {
    if (isText(part)) {
      const rest = retractText(part, isRetracted)
      return rest === undefined ? [] : [rest]
    }
    return "seq" in part && retractable.has(part.type) && isRetracted(part.seq) ? [] : [part]
  })
  return left.length === parts.length ? left : left.reduce<Parts>(append, [])
}

/** The plan and the open calls of an attempt that another one replaces. */
const leave = (parts: Parts): Parts =>
  parts.map((part) => {
    if (part.type === "plan") return { ...part, left: true, currentStep: "" }
    return part.type === "call" ? Calls.stopped(part, undefined) : part
  })

/** Shows the newest state only: a progress bar, and a sandbox. */
const isSame = (part: Part, { data, type }: Whole): boolean => {
  if (part.type === "progress" && type === "progress") return part.data.label === data.label
  return part.type === "sandbox_status" && type === "sandbox_status" && part.data.sandboxId === data.sandboxId
}

const addWhole = (parts: Parts, whole: Whole): Parts => {
  const index = parts.findLastIndex((part) => isSame(part, whole))
  const found = parts[index]
  return found === undefined
    ? [...parts, whole]
    : Plans.replaced(parts, index, {
        ...whole,
        key: found.key,
        ...("seq" in found ? { seq: found.seq } : {}),
      })
}

const wholeOf = (key: string, seq: number, { data, metadata, type }: MessageOf<WholeType>): Whole => {
  const { callId, stepId } = metadata ?? {}
  const place = { ...(stepId === undefined ? {} : { stepId }), ...(callId === undefined ? {} : { callId }) }
  // The union of the types does not keep the pair of a type and its data.
  return { type, key, seq, data, ...place } as Whole
}

export const afterMessage = (parts: Parts, key: string, seq: number, message: Message): Parts => {
  if (Calls.isCall(message)) return changeCall(parts, key, message)
  switch (message.type) {
    case "text":
    case "markdown":
      return append(parts, textOf(key, seq, message))
    case "thinking":
      return append(parts, thinkingOf(key, message))
    case "plan":
      return changePlan(parts, (plan) => Plans.planned(key, message.data, plan))
    case "plan_step":
      return changePlan(parts, (plan) => Plans.advanced(plan ?? emptyPlan(key), message.data))
    case "retract":
      return [...retract(parts, message.data), wholeOf(key, seq, message)]
    case "fallback":
      return [...leave(parts), wholeOf(key, seq, message)]
    default:
      return addWhole(parts, wholeOf(key, seq, message))
  }
}

/** The parts of a run that has ended. The error, if any, names the place of the failure. */
export const afterEnd = (
  parts: Parts,
  failed: { readonly stepId?: string; readonly callId?: string } = {},
): Parts =>
  parts.map((part) => {
    if (part.type === "plan") return part.left ? part : Plans.stopped(part, failed.stepId)
    return part.type === "call" ? Calls.stopped(part, failed.callId) : part
  })
