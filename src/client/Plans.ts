/** The plan of an answer: its steps, and the changes that the events make to it. Pure. */
import type { MessageOf } from "./Contract.ts"

type Step = MessageOf<"plan_step">["data"]
type Announced = MessageOf<"plan">["data"]["steps"][number]

/** A step with the details of its last change. */
export interface PlanStep extends Omit<Announced, "substeps"> {
  readonly substeps?: ReadonlyArray<PlanStep>
  readonly tool?: string
  readonly params?: Step["params"]
  readonly result?: Step["result"]
  readonly error?: string
}

export interface Plan {
  readonly type: "plan"
  readonly key: string
  readonly steps: ReadonlyArray<PlanStep>
  /** The running step; empty if none runs. */
  readonly currentStep: string
  readonly progress?: number
  /** The attempt of this plan failed, and another one answers. */
  readonly left: boolean
}

/** Finds the step at any depth. Undefined when the plan does not have it. */
export const changeStep = (
  steps: ReadonlyArray<PlanStep>,
  id: string,
  change: (step: PlanStep) => PlanStep,
): ReadonlyArray<PlanStep> | undefined => {
  for (const [index, step] of steps.entries()) {
    if (step.id === id) return replaced(steps, index, change(step))
    const substeps = changeStep(step.substeps ?? [], id, change)
    if (substeps !== undefined) return replaced(steps, index, { ...step, substeps })
  }
  return undefined
}

export const replaced = <A>(list: ReadonlyArray<A>, index: number, value: A): ReadonlyArray<A> => [
  ...list.slice(0, index),
  value,
  ...list.slice(index + 1),
]

const find = (steps: ReadonlyArray<PlanStep>, id: string): PlanStep | undefined => {
  for (const step of steps) {
    const found = step.id === id ? step : find(step.substeps ?? [], id)
    if (found !== undefined) return found
  }
  return undefined
}

/** A plan that is sent again names no details, so those of a step that has begun stay. */
const withDetails = (step: PlanStep, before: ReadonlyArray<PlanStep>): PlanStep => ({
  ...(step.status === "pending" ? {} : find(before, step.id)),
  ...step,
  ...(step.substeps === undefined
    ? {}
    : { substeps: step.substeps.map((substep) => withDetails(substep, before)) }),
})

/** The plan after a `plan` event: the whole plan in its new state. */
export const planned = (key: string, data: MessageOf<"plan">["data"], before: Plan | undefined): Plan => ({
  type: "plan",
  key: before?.key ?? key,
  ...data,
  steps: data.steps.map((step) => withDetails(step, before?.steps ?? [])),
  left: false,
})

/** The plan after a `plan_step` event. A step that no plan announced comes last. */
export const advanced = (plan: Plan, { stepId, ...details }: Step): Plan => {
  const now: PlanStep = { id: stepId, ...details }
  const steps = changeStep(plan.steps, stepId, (step) => ({ ...step, ...now })) ?? [...plan.steps, now]
  if (details.status === "running") return { ...plan, steps, currentStep: stepId }
  return { ...plan, steps, currentStep: plan.currentStep === stepId ? "" : plan.currentStep }
}

/** The plan of a run that failed. Only the step that the error names has failed. */
export const stopped = (plan: Plan, failedStep: string | undefined): Plan => {
  const fail = (step: PlanStep): PlanStep =>
    step.status === "running" ? { ...step, status: "failed" } : step
  const steps = failedStep === undefined ? undefined : changeStep(plan.steps, failedStep, fail)
  return { ...plan, steps: steps ?? plan.steps, currentStep: "" }
}
