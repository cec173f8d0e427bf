/** The plans of an answer: their steps, and the changes that the events make to them. Pure. */
import { changeStep, endedStatus, findStep, stepsById } from "../protocol/agent2ui/Pairing.ts"
import type { MessageOf } from "./Contract.ts"

type Step = MessageOf<"plan_step">["data"]
type Announced = MessageOf<"plan">["data"]["steps"][number]

/** A step with the details of its last change. */
export interface PlanStep extends Omit<Announced, "substeps" | "status"> {
  /** `unfinished`: its attempt or the run ended while the step was running. */
  readonly status: Announced["status"] | "unfinished"
  readonly substeps?: ReadonlyArray<PlanStep>
  readonly tool?: string
  readonly params?: Step["params"]
  readonly result?: Step["result"]
  readonly error?: string
}

export interface Plan {
  readonly type: "plan"
  readonly key: string
  /** The upstream's id of the plan, or else the key. Plans of one run differ in it. */
  readonly planId: string
  /** The call of a sub-agent that made the plan. */
  readonly callId?: string
  readonly steps: ReadonlyArray<PlanStep>
  /** The running step; empty if none runs. */
  readonly currentStep: string
  readonly progress?: number
  /** The attempt of this plan failed, and another one answers. */
  readonly left: boolean
}

export const replaced = <A>(list: ReadonlyArray<A>, index: number, value: A): ReadonlyArray<A> => [
  ...list.slice(0, index),
  value,
  ...list.slice(index + 1),
]

/** A plan that is sent again names no details, so those of a step that has begun stay. */
const withDetails = (step: Announced, before: ReadonlyMap<string, PlanStep>): PlanStep => {
  const { substeps, ...rest } = step
  return {
    ...(step.status === "pending" ? {} : before.get(step.id)),
    ...rest,
    ...(substeps === undefined ? {} : { substeps: substeps.map((substep) => withDetails(substep, before)) }),
  }
}

/** The steps after a `plan` event. */
export const merged = (
  { steps }: MessageOf<"plan">["data"],
  before: ReadonlyArray<PlanStep>,
): ReadonlyArray<PlanStep> => {
  const known = stepsById(before)
  return steps.map((step) => withDetails(step, known))
}

/** The plan after a `plan` event: the whole plan in its new state. */
export const planned = (plan: Plan, { data, metadata }: MessageOf<"plan">): Plan => {
  const { callId: _, progress: __, ...rest } = plan
  const callId = metadata?.callId
  return { ...rest, ...(callId === undefined ? {} : { callId }), ...data, steps: merged(data, plan.steps) }
}

/** The plan after a `plan_step` event. A step that no plan announced comes last. */
export const advanced = (plan: Plan, { stepId, ...details }: Step): Plan => {
  const now: PlanStep = { id: stepId, ...details }
  const steps = changeStep(plan.steps, stepId, (step) => ({ ...step, ...now })) ?? [...plan.steps, now]
  if (details.status === "running") return { ...plan, steps, currentStep: stepId }
  return { ...plan, steps, currentStep: plan.currentStep === stepId ? "" : plan.currentStep }
}

const isOpen = ({ status }: PlanStep): boolean => status === "running" || status === "pending"

/** True if the step of the plan has not ended. */
export const hasOpen = ({ steps }: Plan, stepId: string): boolean => {
  const step = findStep(steps, stepId)
  return step !== undefined && isOpen(step)
}

/** A plan whose attempt has ended: a failure names its step, and no step runs. */
export const stopped = (plan: Plan, failedSteps: ReadonlySet<string>): Plan => {
  const stop = (step: PlanStep): PlanStep => ({
    ...step,
    status: endedStatus(step.status, failedSteps.has(step.id)),
    ...(step.substeps === undefined ? {} : { substeps: step.substeps.map(stop) }),
  })
  return { ...plan, steps: plan.steps.map(stop), currentStep: "" }
}
