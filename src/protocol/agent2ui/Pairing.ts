/**
 * The plan of a plan event, and the call of a result. A run may have several plans, and upstreams give equal ids to the
 * steps of different plans. The client's reducer, the stored parts and the account of a run use these rules, so all show
 * the same chain. Pure.
 */
import type { Call, Result } from "./CallKind.ts"
import { kindOf, nameOf } from "./CallKind.ts"

interface Nested<Step> {
  readonly id: string
  readonly substeps?: ReadonlyArray<Step>
}

interface Stated extends Nested<Stated> {
  readonly title: string
  readonly status: string
}

interface Planned {
  readonly steps: ReadonlyArray<Stated>
}

/** The step at any depth. */
export const findStep = <Step extends Nested<Step>>(
  steps: ReadonlyArray<Step>,
  id: string,
): Step | undefined => {
  for (const step of steps) {
    const found = step.id === id ? step : findStep(step.substeps ?? [], id)
    if (found !== undefined) return found
  }
  return undefined
}

/** Changes the step at any depth. Undefined when the plan does not have it. */
export const changeStep = <Step extends Nested<Step>>(
  steps: ReadonlyArray<Step>,
  id: string,
  change: (step: Step) => Step,
): ReadonlyArray<Step> | undefined => {
  for (const [index, step] of steps.entries()) {
    const substeps = step.id === id ? undefined : changeStep(step.substeps ?? [], id, change)
    if (step.id !== id && substeps === undefined) continue
    const changed = substeps === undefined ? change(step) : { ...step, substeps }
    return [...steps.slice(0, index), changed, ...steps.slice(index + 1)]
  }
  return undefined
}

/** The steps at any depth by id. Of equal ids the first one counts. */
export const stepsById = <Step extends Nested<Step>>(
  steps: ReadonlyArray<Step>,
  known: Map<string, Step> = new Map(),
): ReadonlyMap<string, Step> => {
  for (const step of steps) {
    if (!known.has(step.id)) known.set(step.id, step)
    stepsById(step.substeps ?? [], known)
  }
  return known
}

const hasBegun = ({ status }: { readonly status: string }): boolean => status !== "pending"
const hasEnded = ({ status }: { readonly status: string }): boolean =>
  status !== "pending" && status !== "running"

/** A plan may be sent again as it was made. A step that has failed, or of a plan that has ended, does not wait again. */
const waitsAgain = (step: Stated, now: Stated, isPlanOver: boolean): boolean =>
  !hasBegun(now) && !isPlanOver && step.status !== "failed" && step.title === now.title

/** True if the plan now has every step that has begun, and the plans have a step in common. */
const isSamePlan = (before: ReadonlyMap<string, Stated>, now: ReadonlyMap<string, Stated>): boolean => {
  const steps = [...before.values()]
  const isOver = steps.every(hasEnded)
  let isShared = false
  for (const step of steps) {
    const found = now.get(step.id)
    isShared ||= found !== undefined
    if (!hasBegun(step)) continue
    if (found === undefined || !(hasBegun(found) || waitsAgain(step, found, isOver))) return false
  }
  return isShared
}

/**
 * The index of the plan that a `plan` event without a `planId` updates; -1 for a new plan. `plans` are those of the
 * attempt. `merged` gives the steps of a plan after the event. A plan of which nothing has begun is replaced.
 */
export const planToUpdate = <Plan extends Planned>(
  plans: ReadonlyArray<Plan>,
  merged: (plan: Plan) => ReadonlyArray<Stated>,
): number => {
  const same = plans.findLastIndex((plan) => isSamePlan(stepsById(plan.steps), stepsById(merged(plan))))
  if (same >= 0) return same
  const last = plans.at(-1)
  return last === undefined || [...stepsById(last.steps).values()].some(hasBegun) ? -1 : plans.length - 1
}

/**
 * The index of the plan that a `plan_step` event changes: the last one in which the step runs, if the event ends it, or
 * else the last one that has the step, or else the last one. -1 without a plan.
 */
export const planOfStep = (
  plans: ReadonlyArray<Planned>,
  { status, stepId }: { readonly stepId: string; readonly status: string },
): number => {
  const running = hasEnded({ status })
    ? plans.findLastIndex(({ steps }) => findStep(steps, stepId)?.status === "running")
    : -1
  if (running >= 0) return running
  const owner = plans.findLastIndex(({ steps }) => findStep(steps, stepId) !== undefined)
  return owner >= 0 ? owner : plans.length - 1
}

/** The place of a failure: of the error that ended the run, or of an `error` message. */
export interface FailedPlace {
  readonly stepId?: string | undefined
  readonly callId?: string | undefined
}

/** The ids of the calls and steps at these places. A failed call fails the step that made it. */
export const failedAt = (
  places: ReadonlyArray<FailedPlace>,
  stepOf: (callId: string) => string | null | undefined,
): { readonly calls: ReadonlySet<string>; readonly steps: ReadonlySet<string> } => ({
  calls: new Set(places.flatMap(({ callId }) => callId ?? [])),
  steps: new Set(
    places.flatMap(({ callId, stepId }) => stepId ?? (callId === undefined ? [] : (stepOf(callId) ?? []))),
  ),
})

/** The status of a step or call whose attempt has ended. Nothing runs then. */
export const endedStatus = <Status extends string>(status: Status, isFailed: boolean) =>
  isFailed && !hasEnded({ status }) ? "failed" : status === "running" ? "unfinished" : status

/** A call, as far as pairing needs it. */
interface KnownCall {
  readonly kind: string
  readonly name: string
  readonly callId: string | undefined
  /** It has no result. */
  readonly isOpen: boolean
  /** False: only its result came. */
  readonly isCalled: boolean
}

/**
 * True if the message may belong to the call. A message with an id belongs to the last call of this id. One without an id
 * belongs to the open call of its name, if there is exactly one. A call that has ended and is made again is a new call.
 */
export const isOfCall = (call: KnownCall, message: Call | Result): boolean => {
  const callId = message.metadata?.callId
  const isMade = "status" in message.data && message.data.status === "calling"
  if (callId !== undefined) return call.callId === callId && (!isMade || call.isOpen || !call.isCalled)
  return !isMade && call.isOpen && call.kind === kindOf(message).kind && call.name === nameOf(message)
}
