/**
 * Derives a run's steps and calls, with their times, from its messages. Pure. Plans, calls and results match by the rules of
 * `Pairing`, as in the client's reducer. A time is the moment when the run's log took the message.
 */
import type { ChainLink } from "../domain/RunAccount.ts"
import { type Call, nameOf, type Result } from "../protocol/agent2ui/CallKind.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"
import { isCall, isResult } from "../protocol/agent2ui/MessageRole.ts"
import { endedStatus, type FailedPlace, failedAt, isOfCall } from "../protocol/agent2ui/Pairing.ts"
import type { PlanStep } from "../protocol/agent2ui/PlanStep.ts"
import { AttemptPlans } from "../runs/AttemptPlans.ts"
import type { PlanPart } from "../runs/PlanPart.ts"

type Mutable = { -readonly [Field in keyof ChainLink]: ChainLink[Field] }
type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>

const isCallOrResult = (message: Message): message is Call | Result =>
  isCall(message.type) || isResult(message.type)

const chainKindOf = (message: Call | Result): ChainLink["kind"] =>
  message.type.startsWith("tool") ? "tool" : message.type.startsWith("skill") ? "skill" : "mcp"

interface Known {
  readonly link: Mutable
  isOpen: boolean
  isCalled: boolean
}

const round = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms))

/** Collects the steps and calls of a run. */
export class Links {
  readonly #all: Array<Mutable> = []
  /** The plans of the current attempt, with the links of their steps. */
  readonly #plans = new AttemptPlans()
  readonly #steps = new Map<PlanPart, Map<string, Mutable>>()
  /** The calls of the current attempt. */
  #calls: Array<Known> = []
  /** The places of the `error` messages of the current attempt. */
  #failures: Array<FailedPlace> = []

  get count(): number {
    return this.#all.length
  }

  add(message: Message): void {
    const at = Date.parse(message.timestamp)
    if (message.type === "plan" || message.type === "plan_step") this.#plan(message, at)
    else if (message.type === "error") this.#failures.push(message.metadata ?? {})
    else if (message.type === "fallback") this.#leave()
    else if (isCallOrResult(message)) this.#call(message, at)
  }

  /** The links from one index to another, in the order of their start. */
  slice(from: number, to: number): ReadonlyArray<ChainLink> {
    return this.#all.slice(from, to)
  }

  /** The attempt has ended. `failure`: the place of the error that ended the run. */
  end(failure: FailedPlace): void {
    const stepOf = (callId: string) => this.#calls.findLast(({ link }) => link.id === callId)?.link.stepId
    const { calls, steps } = failedAt([failure, ...this.#failures], stepOf)
    // Plans may have equal ids. The failure belongs to the last plan in which the step had not ended.
    const plans = [...this.#steps.values()].toReversed()
    for (const id of steps) {
      const links = plans.map((links) => links.get(id)).filter((link) => link !== undefined)
      const failed = links.find(({ endedAt }) => endedAt === null)
      if (failed !== undefined) failed.status = endedStatus(failed.status, true)
    }
    for (const link of this.#all)
      link.status = endedStatus(link.status, link.kind !== "step" && calls.has(link.id ?? ""))
  }

  #add(link: Pick<ChainLink, "id" | "kind" | "name"> & Partial<ChainLink>): Mutable {
    const added: Mutable = {
      stepId: null,
      status: "pending",
      startedAt: null,
      endedAt: null,
      durationMs: null,
      ...link,
    }
    this.#all.push(added)
    return added
  }

  #plan(message: Of<"plan" | "plan_step">, at: number): void {
    const place = { seq: 0, at, metadata: message.metadata }
    const plan = this.#plans.planOf(message, place, (begun) => this.#steps.set(begun, new Map()))
    const links = this.#steps.get(plan) ?? new Map<string, Mutable>()
    if (message.type === "plan") {
      plan.planned(message, place)
      for (const step of message.data.steps) this.#step(links, step, null, at)
    } else {
      plan.advanced(message.data, place)
      this.#step(links, { ...message.data, id: message.data.stepId }, null, at)
    }
  }

  #step(links: Map<string, Mutable>, step: PlanStep, stepId: string | null, at: number): void {
    const { durationMs, id, status, substeps = [], title } = step
    const link = links.get(id) ?? this.#add({ kind: "step", id, stepId, name: title })
    links.set(id, link)
    // Only the first end counts: a repeated plan contains the steps that have ended.
    if (link.endedAt === null) {
      link.status = status
      if (status === "running") link.startedAt ??= at
      else if (status !== "pending") end(link, at, durationMs)
    }
    for (const substep of substeps) this.#step(links, substep, id, at)
  }

  /** Another attempt begins: nothing of this one gets a result, and its ids may come again. */
  #leave(): void {
    this.end({})
    this.#failures = []
    this.#plans.clear()
    this.#steps.clear()
    this.#calls = []
  }

  #call(message: Call | Result, at: number): void {
    const known = this.#known(message)
    const { link } = known
    if (!isResult(message.type)) {
      known.isCalled = true
      link.startedAt ??= link.endedAt === null ? at : null
    }
    const status = "status" in message.data ? message.data.status : message.data.success
    if (status === "calling") return
    known.isOpen = false
    link.status = status === true || status === "success" ? "completed" : "failed"
    end(link, at, message.data.duration)
  }

  /** The call of the message. */
  #known(message: Call | Result): Known {
    const { callId = null, stepId = null } = message.metadata ?? {}
    const own = this.#calls.filter(({ isCalled, isOpen, link }) =>
      isOfCall({ kind: link.kind, name: link.name, callId: link.id ?? undefined, isOpen, isCalled }, message),
    )
    const found = callId !== null || own.length === 1 ? own.at(-1) : undefined
    if (found !== undefined) return found
    const link = this.#add({
      kind: chainKindOf(message),
      id: callId,
      stepId,
      name: nameOf(message),
      status: "running",
    })
    const known = { link, isOpen: true, isCalled: false }
    this.#calls.push(known)
    return known
  }
}

const end = (link: Mutable, at: number, reported: number | undefined): void => {
  link.endedAt = at
  link.durationMs = link.startedAt === null ? round(reported) : at - link.startedAt
}
