/**
 * Rules of the guarded rollout: a plan of rising percentages, and the effect of a verdict on it. Pure: the time and
 * the verdict go in; the next state, with the percentage to set, is the result.
 *
 * Invariants: only `as_good` raises the percentage, never before the hold time is over, and one step at a time. Past
 * 50 % an operator must promote it, unless the plan says otherwise. Only `worse` lowers it. Missing data does
 * neither.
 */
import type { AutopilotPlan, AutopilotState, AutopilotStatus, AutopilotVerdict } from "../domain/Autopilot.ts"

/** Input of `advance`. */
export interface AdvanceInput {
  readonly now: number
  /** The present percentage of the rollout. */
  readonly percentage: number
  /** The reason why the plan no longer makes sense, such as a default mode other than direct. */
  readonly conflict: string | undefined
  /** The reason why runs cannot be compared now, such as an open breaker. */
  readonly blocked: string | undefined
  readonly verdict: AutopilotVerdict
}

const promoteAbove = 50
const maxHistory = 100
/** Runs are read minutes after they start, not hours, so older gaps have no use. */
const maxGaps = 50

const finished: ReadonlySet<AutopilotStatus> = new Set(["completed", "rolled_back", "aborted"])
export const isFinished = ({ status }: AutopilotState): boolean => finished.has(status)
/** True while the autopilot reads runs and decides. */
export const isActive = (state: AutopilotState): boolean => !isFinished(state) && state.status !== "paused"

/** True if its percentage is not set yet. A paused plan sets none: the operator controls the percentage. */
export const isDue = ({ applied, status }: AutopilotState): boolean => !applied && status !== "paused"

export const start = (plan: AutopilotPlan, before: number, now: number): AutopilotState =>
  beginStep(
    {
      plan,
      status: "running",
      reason: "",
      step: 0,
      percentage: before,
      applied: false,
      before,
      since: now,
      notBefore: now,
      gaps: [],
      setbacks: 0,
      startedAt: now,
      verdict: null,
      history: [],
    },
    0,
    now,
    "started",
  )

export const advance = (state: AutopilotState, input: AdvanceInput): AutopilotState => {
  if (!isActive(state)) return state
  const { now, verdict } = input
  if (input.percentage !== state.percentage) {
    return pause(state, `the percentage was set to ${input.percentage} by another change`)
  }
  if (input.conflict !== undefined) return pause(state, input.conflict)
  const withVerdict = { ...state, verdict }
  if (input.blocked !== undefined) return hold(withVerdict, input.blocked)
  if (verdict.judgement === "worse") return stepBack(withVerdict, now)
  if (now < state.notBefore) {
    return state.status === "cooling_down"
      ? withVerdict
      : { ...withVerdict, status: "running", reason: verdict.reason }
  }
  if (verdict.judgement === "as_good") return advanceStep(withVerdict, now)
  // The step has passed already; a bound that moves back a little before the operator decides changes nothing.
  return state.status === "awaiting_approval" ? withVerdict : hold(withVerdict, verdict.reason)
}

/** Records a time in which runs could not be compared. A gap that touches the last one extends it. */
export const withGap = (state: AutopilotState, from: number, to: number): AutopilotState => {
  const last = state.gaps.at(-1)
  const gaps =
    last !== undefined && last.to >= from
      ? [...state.gaps.slice(0, -1), { from: last.from, to }]
      : [...state.gaps, { from, to }]
  return { ...state, gaps: gaps.slice(-maxGaps) }
}

/** True if a run that started then belongs to neither cohort. */
export const isInGap = ({ gaps }: AutopilotState, at: number): boolean =>
  gaps.some(({ from, to }) => from <= at && at <= to)

/** After a pause only an operator changes the percentage. */
export const pause = (state: AutopilotState, reason: string): AutopilotState => ({
  ...state,
  status: "paused",
  reason,
})

/**
 * The step starts again without its earlier data, and the count of steps back returns to 0. If an operator has
 * lowered the percentage meanwhile, the plan continues from there.
 */
export const resume = (state: AutopilotState, percentage: number, now: number): AutopilotState => {
  const reached = state.plan.steps.findLastIndex((step) => step.percentage <= percentage)
  return beginStep({ ...state, setbacks: 0 }, Math.max(0, Math.min(state.step, reached)), now, "resumed")
}

/** Never raises the percentage, even if it was higher before the start. */
export const abort = (
  state: AutopilotState,
  percentage: number,
  now: number,
  reason: string,
): AutopilotState => ({
  ...closeStep(state, now, reason),
  status: "aborted",
  applied: false,
  percentage: Math.min(state.before, percentage),
})

/** Only for the status `awaiting_approval`. */
export const promote = (state: AutopilotState, now: number, reason: string): AutopilotState =>
  raise(state, now, reason)

/** True if a resume has an effect: the plan is paused, or has stepped back too often to rise by itself. */
export const canResume = (state: AutopilotState): boolean => state.status === "paused" || isSpent(state)

const isSpent = (state: AutopilotState): boolean => !isFinished(state) && state.setbacks > state.plan.retries

const hold = (state: AutopilotState, reason: string): AutopilotState => ({
  ...state,
  status: "holding",
  reason,
})

const advanceStep = (state: AutopilotState, now: number): AutopilotState => {
  const next = state.plan.steps[state.step + 1]
  if (next === undefined) {
    return { ...closeStep(state, now, "the last step is as good"), status: "completed" }
  }
  if (isSpent(state)) {
    return hold(
      state,
      `went back ${state.setbacks} times: stays here, watched, until a person resumes or aborts`,
    )
  }
  if (next.percentage > promoteAbove && !state.plan.autoApprove) {
    return {
      ...state,
      status: "awaiting_approval",
      reason: `as good at ${state.percentage} %: ${next.percentage} % needs a person's approval`,
    }
  }
  return raise(state, now, `as good at ${state.percentage} %`)
}

const raise = (state: AutopilotState, now: number, reason: string): AutopilotState => {
  const next = beginStep(closeStep(state, now, reason), state.step + 1, now, reason)
  // No control sessions are left to compare with.
  return next.percentage === 100 ? { ...next, status: "completed" } : next
}

const stepBack = (state: AutopilotState, now: number): AutopilotState => {
  const { reason } = state.verdict!
  const left = { ...closeStep(state, now, reason), setbacks: state.setbacks + 1 }
  if (state.step === 0) return { ...left, status: "rolled_back", percentage: 0, applied: false }
  const lower = beginStep(left, state.step - 1, now, reason)
  return {
    ...lower,
    status: "cooling_down",
    notBefore: Math.max(lower.notBefore, now + state.plan.coolDownMs),
  }
}

const closeStep = (state: AutopilotState, now: number, reason: string): AutopilotState => {
  const { percentage, since, verdict } = state
  const closed = { percentage, from: since, to: now, reason, verdict }
  return { ...state, reason, history: [...state.history, closed].slice(-maxHistory) }
}

/** Starts a step with data of its own, so that its test covers this percentage only and counts nothing twice. */
const beginStep = (state: AutopilotState, step: number, now: number, reason: string): AutopilotState => {
  const { holdMs, percentage } = state.plan.steps[step]!
  return {
    ...state,
    status: "running",
    reason,
    step,
    percentage,
    applied: false,
    since: now,
    notBefore: now + holdMs,
    gaps: [],
    verdict: null,
  }
}
