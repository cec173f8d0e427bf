/** The parts of an answer in the order in which they are shown, and the change that each message makes to them. Pure. */
import { type FailedPlace, failedAt, planOfStep, planToUpdate } from "../protocol/agent2ui/Pairing.ts"
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
  /** The call of a sub-agent whose text this is. */
  readonly callId?: string
  readonly chunks: ReadonlyArray<Chunk>
}

export interface Thinking {
  readonly type: "thinking"
  readonly key: string
  readonly content: string
  readonly stage?: MessageOf<"thinking">["data"]["stage"]
  readonly stepId?: string
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
    /** The call that waits, of an interrupt; the call that failed, of an error. */
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

const isSamePlace = (last: Text | Thinking, part: Text | Thinking): boolean =>
  last.stepId === part.stepId && last.callId === part.callId

/** The two parts as one; undefined if they are shown apart. */
const joined = (last: Part | undefined, part: Part): Part | undefined => {
  if (last === undefined) return undefined
  if (isText(part) && isText(last) && last.type === part.type && isSamePlace(last, part))
    return { ...last, content: last.content + part.content, chunks: [...last.chunks, ...part.chunks] }
  if (
    part.type === "thinking" &&
    last.type === "thinking" &&
    last.stage === part.stage &&
    isSamePlace(last, part)
  )
    return { ...last, content: last.content + separatorOf(part) + part.content }
  return undefined
}

const append = (parts: Parts, part: Part): Parts => {
  const both = joined(parts.at(-1), part)
  return both === undefined ? [...parts, part] : [...parts.slice(0, -1), both]
}

const placeOf = ({ metadata: { callId, stepId } = {} }: Message) => ({
  ...(stepId === undefined ? {} : { stepId }),
  ...(callId === undefined ? {} : { callId }),
})

const textOf = (key: string, seq: number, message: MessageOf<"text" | "markdown">): Text => {
  const { content } = message.data
  return {
    type: message.type,
    key,
    content,
    ...placeOf(message),
    chunks: [{ seq, length: content.length }],
  }
}

const thinkingOf = (key: string, message: MessageOf<"thinking">): Thinking => {
  const { content, stage } = message.data
  return { type: "thinking", key, content, ...(stage === undefined ? {} : { stage }), ...placeOf(message) }
}

/** The index of the plan that the event changes; -1 for a new plan. */
const planIndex = (parts: Parts, { data, metadata, type }: MessageOf<"plan" | "plan_step">): number => {
  const planId = metadata?.["planId"]
  const open = parts.flatMap((part) => (part.type === "plan" && !part.left ? part : []))
  const index =
    typeof planId === "string"
      ? open.findIndex((plan) => plan.planId === planId)
      : type === "plan"
        ? planToUpdate(open, ({ steps }) => Plans.merged(data, steps))
        : planOfStep(open, data)
  const plan = open[index]
  return plan === undefined ? -1 : parts.indexOf(plan)
}

const emptyPlan = (key: string, { metadata }: MessageOf<"plan" | "plan_step">): Plans.Plan => {
  const { callId, planId } = metadata ?? {}
  return {
    type: "plan",
    key,
    planId: typeof planId === "string" ? planId : key,
    ...(callId === undefined ? {} : { callId }),
    steps: [],
    currentStep: "",
    left: false,
  }
}

const changePlan = (parts: Parts, key: string, message: MessageOf<"plan" | "plan_step">): Parts => {
  const index = planIndex(parts, message)
  const found = parts[index]
  const plan = found?.type === "plan" ? found : emptyPlan(key, message)
  const after = message.type === "plan" ? Plans.planned(plan, message) : Plans.advanced(plan, message.data)
  return index < 0 ? [...parts, after] : Plans.replaced(parts, index, after)
}

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

const errorsOf = (parts: Parts): ReadonlyArray<FailedPlace> =>
  parts
    .slice(parts.findLastIndex(({ type }) => type === "fallback") + 1)
    .flatMap((part): FailedPlace | ReadonlyArray<FailedPlace> => (part.type === "error" ? part : []))

const stepOf = (parts: Parts, callId: string): string | undefined => {
  const call = parts.findLast((part) => part.type === "call" && part.callId === callId)
  return call?.type === "call" ? call.stepId : undefined
}

/** The parts of an attempt that has ended: nothing runs, and the failed step and call are marked. */
const stop = (parts: Parts, failure: FailedPlace): Parts => {
  const at = failedAt([failure, ...errorsOf(parts)], (callId) => stepOf(parts, callId))
  const steps = new Set(at.steps)
  // Plans may have equal ids. The failure belongs to the last plan in which the step had not ended.
  return parts
    .toReversed()
    .map((part) => {
      if (part.type === "call") return Calls.stopped(part, at.calls)
      if (part.type !== "plan" || part.left) return part
      const failed = new Set([...steps].filter((id) => Plans.hasOpen(part, id)))
      for (const id of failed) steps.delete(id)
      return Plans.stopped(part, failed)
    })
    .toReversed()
}

/** The plans and the open calls of an attempt that another one replaces. */
const leave = (parts: Parts): Parts =>
  stop(parts, {}).map((part) => (part.type === "plan" ? { ...part, left: true } : part))

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

const wholeOf = (key: string, seq: number, message: MessageOf<WholeType>): Whole => {
  const { data, type } = message
  // The union of the types does not keep the pair of a type and its data.
  return { type, key, seq, data, ...placeOf(message) } as Whole
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
    case "plan_step":
      return changePlan(parts, key, message)
    case "retract":
      return [...retract(parts, message.data), wholeOf(key, seq, message)]
    case "fallback":
      return [...leave(parts), wholeOf(key, seq, message)]
    default:
      return addWhole(parts, wholeOf(key, seq, message))
  }
}

/** The parts of a run that has ended. The error, if any, names the place of the failure. */
export const afterEnd = (parts: Parts, failure: FailedPlace = {}): Parts => stop(parts, failure)
