/** The state of a plan as its steps advance, for clients that replace the whole plan. Pure. */
import type { Message } from "./Message.ts"
import type { PlanStep } from "./PlanStep.ts"

type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>
export type Plan = Of<"plan">["data"]

export const noPlan: Plan = { steps: [], currentStep: "" }

/** Finds the step at any depth; undefined when the plan does not have it. */
const withStep = (
  steps: ReadonlyArray<PlanStep>,
  id: string,
  change: (step: PlanStep) => PlanStep,
): ReadonlyArray<PlanStep> | undefined => {
  for (const [index, step] of steps.entries()) {
    if (step.id === id) return steps.with(index, change(step))
    const substeps = withStep(step.substeps ?? [], id, change)
    if (substeps !== undefined) return steps.with(index, { ...step, substeps })
  }
  return undefined
}

/** The fields of a `plan_step` that its step in the plan has. */
export const stepOf = ({ durationMs, status, stepId, title }: Of<"plan_step">["data"]): PlanStep => ({
  id: stepId,
  title,
  status,
  ...(durationMs === undefined ? {} : { durationMs }),
})

/** The plan after a step has changed. A step that no plan announced comes last. */
export const advance = (plan: Plan, now: PlanStep): Plan => {
  const steps = withStep(plan.steps, now.id, (step) => ({ ...step, ...now })) ?? [...plan.steps, now]
  if (now.status === "running") return { steps, currentStep: now.id }
  return { steps, currentStep: plan.currentStep === now.id ? "" : plan.currentStep }
}
