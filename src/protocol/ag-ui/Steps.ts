/** The steps of the plan: AG-UI's steps, and the whole plan as one activity message that each change replaces. */
import type { Message } from "../agent2ui/Message.ts"
import { advance, noPlan, type Plan, stepOf } from "../agent2ui/PlanSteps.ts"
import type { Event } from "./Event.ts"

type PlanStep = Extract<Message, { readonly type: "plan_step" }>["data"]

export class Steps {
  readonly #activityId: string
  #plan: Plan = noPlan
  /** The names of the running steps by their ids. AG-UI pairs the events of a step by its name. */
  readonly #running = new Map<string, string>()

  constructor(activityId: string) {
    this.#activityId = activityId
  }

  plan(plan: Plan): ReadonlyArray<Event> {
    this.#plan = plan
    return [this.#activity()]
  }

  step(step: PlanStep): ReadonlyArray<Event> {
    this.#plan = advance(this.#plan, stepOf(step))
    return [...this.#change(step), this.#activity()]
  }

  /** The next attempt makes a plan of its own. */
  abandon(): ReadonlyArray<Event> {
    this.#plan = noPlan
    return this.close()
  }

  close(): ReadonlyArray<Event> {
    const names = [...this.#running.values()]
    this.#running.clear()
    return names.map((stepName) => ({ type: "STEP_FINISHED", stepName }))
  }

  #change(step: PlanStep): ReadonlyArray<Event> {
    const { status, stepId } = step
    if (status === "pending") return []
    const running = this.#running.get(stepId)
    const metadata = { agent2ui: step }
    if (status === "running" && running !== undefined) return []
    const stepName = running ?? this.#nameOf(step)
    const started: ReadonlyArray<Event> =
      running === undefined ? [{ type: "STEP_STARTED", stepName, metadata: { agent2ui: { stepId } } }] : []
    if (status === "running") {
      this.#running.set(stepId, stepName)
      return started
    }
    this.#running.delete(stepId)
    return [...started, { type: "STEP_FINISHED", stepName, metadata }]
  }

  /** The title, unless a running step has the same one. */
  #nameOf({ stepId, title }: PlanStep): string {
    const names = new Set(this.#running.values())
    let name = names.has(title) ? `${title} (${stepId})` : title
    while (names.has(name)) name += "'"
    return name
  }

  #activity(): Event {
    return {
      type: "ACTIVITY_SNAPSHOT",
      messageId: this.#activityId,
      activityType: "plan",
      content: this.#plan,
    }
  }
}
