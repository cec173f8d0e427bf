/**
 * Derives a run's steps and calls, with their times, from its messages. Pure. A call and its result match by call id, or
 * without one by name, if exactly one open call has that name. A time is the moment when the run's log took the message.
 */
import type { Message } from "../protocol/agent2ui/Message.ts"
import type { PlanStep } from "../protocol/agent2ui/PlanStep.ts"
import { isCall, isResult } from "../protocol/agent2ui/MessageRole.ts"
import type { ChainLink } from "../domain/RunAccount.ts"

type Mutable = { -readonly [Field in keyof ChainLink]: ChainLink[Field] }
type Of<Type extends string> = Extract<Message, { readonly type: Type }>
type Call = Of<"tool_call" | "skill_call" | "mcp_call">
type Result = Of<"tool_result" | "skill_result" | "mcp_result">

const nameOf = ({ data }: Call | Result): string => ("toolName" in data ? data.toolName : data.skillName)

const kindOf = ({ type }: Call | Result): "tool" | "skill" | "mcp" =>
  type.startsWith("tool") ? "tool" : type.startsWith("skill") ? "skill" : "mcp"

const round = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms))

/** Collects the steps and calls of a run. */
export class Links {
  readonly #all: Array<Mutable> = []
  readonly #steps = new Map<string, Mutable>()
  /** Calls without a result. */
  #calls: Array<Mutable> = []

  get count(): number {
    return this.#all.length
  }

  add(message: Message): void {
    const at = Date.parse(message.timestamp)
    if (message.type === "plan") {
      for (const step of message.data.steps) this.#step(step.id, { ...step, at })
    } else if (message.type === "plan_step") this.#step(message.data.stepId, { ...message.data, at })
    else if (isCall(message.type)) this.#call(message as Call, at)
    else if (isResult(message.type)) this.#result(message as Result, at)
  }

  /** The links from one index to another, in the order of their start. `ended`: true when the run has ended. */
  slice(from: number, to: number, ended: boolean): ReadonlyArray<ChainLink> {
    const links = this.#all.slice(from, to)
    return ended
      ? links.map((link) => (link.status === "running" ? { ...link, status: "unfinished" } : link))
      : links
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

  #step(
    id: string,
    {
      at,
      durationMs,
      status,
      title,
    }: Pick<PlanStep, "status" | "title" | "durationMs"> & { readonly at: number },
  ): void {
    const step = this.#steps.get(id) ?? this.#add({ kind: "step", id, name: title })
    this.#steps.set(id, step)
    // Only the first end counts: a repeated plan contains the steps that have ended.
    if (step.endedAt !== null) return
    step.status = status
    if (status === "pending") return
    if (status === "running") {
      step.startedAt ??= at
      return
    }
    end(step, at, durationMs)
  }

  #call(message: Call, at: number): void {
    const { callId = null, stepId = null } = message.metadata ?? {}
    const link = this.#add({
      kind: kindOf(message),
      id: callId,
      stepId,
      name: nameOf(message),
      startedAt: at,
    })
    link.status = "running"
    if (message.data.status === "calling") return void this.#calls.push(link)
    link.status = message.data.status === "success" ? "completed" : "failed"
    end(link, at, message.data.duration)
  }

  #result(message: Result, at: number): void {
    const { callId = null, stepId = null } = message.metadata ?? {}
    const kind = kindOf(message)
    const name = nameOf(message)
    const calls = this.#calls.filter(
      (link) => link.kind === kind && (callId === null ? link.name === name : link.id === callId),
    )
    // A result without an id that matches several calls is assigned to none of them.
    const own = calls.length === 1 ? calls[0] : undefined
    if (own !== undefined) this.#calls = this.#calls.filter((call) => call !== own)
    const link = own ?? this.#add({ kind, id: callId, stepId, name })
    link.status = message.data.success ? "completed" : "failed"
    end(link, at, message.data.duration)
  }
}

const end = (link: Mutable, at: number, reported: number | undefined): void => {
  link.endedAt = at
  link.durationMs = link.startedAt === null ? round(reported) : at - link.startedAt
}
