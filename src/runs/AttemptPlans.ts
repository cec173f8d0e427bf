/** The plans of a run's current attempt, by the rules of `Pairing`. Plain code. */
import type { Draft } from "../protocol/agent2ui/Message.ts"
import { planOfStep, planToUpdate } from "../protocol/agent2ui/Pairing.ts"
import { type Place, PlanPart } from "./PlanPart.ts"

type PlanDraft = Extract<Draft, { readonly type: "plan" | "plan_step" }>

export class AttemptPlans {
  #plans: Array<PlanPart> = []

  /** The plan that the event changes. A new one is given to `begun`. */
  planOf(draft: PlanDraft, place: Place, begun: (plan: PlanPart) => void): PlanPart {
    const known = this.#plans[this.#indexOf(draft)]
    if (known !== undefined) return known
    const plan = new PlanPart(place)
    this.#plans.push(plan)
    if (this.#plans.length > 1 || plan.planId !== undefined) for (const one of this.#plans) one.isNamed = true
    begun(plan)
    return plan
  }

  /** Another attempt begins. */
  clear(): void {
    this.#plans = []
  }

  #indexOf({ data, metadata, type }: PlanDraft): number {
    const planId = metadata?.["planId"]
    if (typeof planId === "string") return this.#plans.findIndex((plan) => plan.planId === planId)
    return type === "plan"
      ? planToUpdate(this.#plans, (plan) => plan.merged(data))
      : planOfStep(this.#plans, data)
  }
}
