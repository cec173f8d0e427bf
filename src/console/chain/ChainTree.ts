/** The execution chain of an answer as a tree: each call under its step, each error at its place. Pure. */
import type { Answer } from "../../client/Conversation.ts"
import type { MessageOf, RunError } from "../../client/Contract.ts"
import type { Part } from "../../client/Parts.ts"

type Of<Type extends Part["type"]> = Extract<Part, { readonly type: Type }>
type Step = Of<"plan">["steps"][number]

/** An error of a run, or one that a message reported. */
export type Failure = Partial<RunError> &
  Pick<RunError, "code" | "message"> & { readonly isOfRun: boolean; readonly isCancel: boolean }

export type Leaf = Of<"thinking" | "fallback" | "retract" | "interrupt" | "progress">

export type ChainNode =
  | {
      readonly kind: "plan"
      readonly key: string
      readonly value: Of<"plan">
      readonly number: number
      readonly children: Array<ChainNode>
    }
  | { readonly kind: "step"; readonly key: string; readonly value: Step; readonly children: Array<ChainNode> }
  | {
      readonly kind: "call"
      readonly key: string
      readonly value: Of<"call">
      readonly children: Array<ChainNode>
    }
  | { readonly kind: "leaf"; readonly key: string; readonly value: Leaf; readonly children: Array<ChainNode> }
  | {
      readonly kind: "error"
      readonly key: string
      readonly value: Failure
      readonly children: Array<ChainNode>
    }

export interface Tree {
  readonly roots: ReadonlyArray<ChainNode>
  readonly plans: number
  readonly steps: number
  readonly calls: number
  readonly errors: number
}

interface Place {
  readonly stepId?: string | undefined
  readonly callId?: string | undefined
}

const leaves: ReadonlySet<string> = new Set(["thinking", "fallback", "retract", "interrupt"])

const isLeaf = (part: Part): part is Leaf =>
  leaves.has(part.type) || (part.type === "progress" && part.stepId !== undefined)

/** False for an answer whose tree would be empty. */
export const hasChain = ({ error, parts }: Pick<Answer, "error" | "parts">): boolean =>
  error !== undefined ||
  parts.some((part) => part.type === "plan" || part.type === "call" || part.type === "error" || isLeaf(part))

/** True for an answer that failed, or came from another upstream than the one that began it. */
export const hasTrouble = ({ parts, status }: Pick<Answer, "parts" | "status">): boolean =>
  status === "failed" || parts.some(({ type }) => type === "fallback")

const failureOf = ({ code, details, message }: MessageOf<"error">["data"]): Failure => ({
  code,
  message,
  isOfRun: false,
  isCancel: false,
  ...(details === undefined ? {} : { details }),
})

/** Places the nodes of one answer. Of equal ids the last one before a node is meant. */
class Builder {
  readonly roots: Array<ChainNode> = []
  readonly #steps = new Map<string, ChainNode>()
  readonly #calls = new Map<string, ChainNode>()
  plans = 0
  steps = 0
  calls = 0

  add(part: Part): void {
    if (part.type === "plan") this.#plan(part)
    else if (part.type === "call") this.#call(part)
    else if (part.type === "error") this.fail(part.key, failureOf(part.data), part)
    else if (isLeaf(part)) this.#put({ kind: "leaf", key: part.key, value: part, children: [] }, part)
    if (part.type === "fallback") this.#leave()
  }

  fail(key: string, value: Failure, place: Place): void {
    this.#put({ kind: "error", key, value, children: [] }, place)
  }

  #put(node: ChainNode, { callId = "", stepId = "" }: Place): void {
    const parent = this.#calls.get(callId) ?? this.#steps.get(stepId)
    ;(parent?.children ?? this.roots).push(node)
  }

  /** Another attempt begins, and its ids may be those of this one. */
  #leave(): void {
    this.#steps.clear()
    this.#calls.clear()
  }

  #plan(value: Of<"plan">): void {
    this.plans += 1
    const node: ChainNode = { kind: "plan", key: value.key, value, number: this.plans, children: [] }
    this.#put(node, value)
    for (const step of value.steps) this.#step(node, step, value.key)
  }

  #step(parent: ChainNode, value: Step, plan: string): void {
    this.steps += 1
    const node: ChainNode = { kind: "step", key: `${plan}/${value.id}/${this.steps}`, value, children: [] }
    parent.children.push(node)
    this.#steps.set(value.id, node)
    for (const substep of value.substeps ?? []) this.#step(node, substep, plan)
  }

  #call(value: Of<"call">): void {
    this.calls += 1
    const node: ChainNode = { kind: "call", key: value.key, value, children: [] }
    const parent = value.parentCallId
    this.#put(
      node,
      parent !== undefined && this.#calls.has(parent) ? { callId: parent } : { stepId: value.stepId },
    )
    if (value.callId !== undefined) this.#calls.set(value.callId, node)
  }
}

const isFailed = (node: ChainNode): boolean => {
  if (node.kind === "error") return !node.value.isCancel
  if (node.kind === "call") return node.value.status === "error"
  return node.kind === "step" && node.value.status === "failed"
}

/** A failed step and the failed call inside of it are one error. */
const errorsOf = (nodes: ReadonlyArray<ChainNode>): number =>
  nodes.reduce((sum, node) => sum + (errorsOf(node.children) || Number(isFailed(node))), 0)

export const treeOf = ({
  error,
  key,
  parts,
  status,
}: Pick<Answer, "error" | "key" | "parts" | "status">): Tree => {
  const builder = new Builder()
  for (const part of parts) builder.add(part)
  if (error !== undefined)
    builder.fail(`${key}/error`, { ...error, isOfRun: true, isCancel: status === "cancelled" }, error)
  const { calls, plans, roots, steps } = builder
  return { roots, plans, steps, calls, errors: errorsOf(roots) }
}

/** True if both nodes show the same, so that nothing is rendered again. */
export const isSameNode = (a: ChainNode, b: ChainNode): boolean => {
  if (a === b) return true
  if (a.kind !== b.kind || a.children.length !== b.children.length) return false
  const isSame = a.kind === "error" ? a.key === b.key : a.value === b.value
  return isSame && a.children.every((child, index) => isSameNode(child, b.children[index] ?? a))
}
