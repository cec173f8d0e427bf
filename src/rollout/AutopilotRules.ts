/**
 * The rules of the guarded rollout: a plan of rising shares, and what a verdict does to it. Pure; time and the verdict come
 * in, the next state comes out, and the percentage it wants is in it.
 *
 * Invariants: only `as_good` raises the share, never before the hold time is over, one step at a time, and past 50 % only
 * with a person's approval unless the plan says otherwise. Only `worse` lowers it. No data does neither.
 */
import type { AutopilotPlan, AutopilotState, AutopilotStatus, AutopilotVerdict } from "../domain/Autopilot.ts"

/** What `advance` is told. */
export interface AdvanceInput {
  readonly now: number
  /** The rollout's percentage as it is. */
  readonly percentage: number
  /** Why the plan makes no sense any more, such as a default mode that is not direct. */
  readonly conflict: string | undefined
  /** Why nothing can be learnt now, such as an open breaker. */
  readonly blocked: string | undefined
  readonly verdict: AutopilotVerdict
}

const promoteAbove = 50
const maxHistory = 100
/** Runs are read minutes after they began, not hours: older gaps are of no use. */
const maxGaps = 50

const finished: ReadonlySet<AutopilotStatus> = new Set(["completed", "rolled_back", "aborted"])
export const isFinished = ({ status }: AutopilotState): boolean => finished.has(status)
/** Whether it reads runs and decides. */
export const isActive = (state: AutopilotState): boolean => !isFinished(state) && state.status !== "paused"

/** Whether its percentage is still to be set. Whoever pauses it has taken that into their own hands. */
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
  // It has been shown; a bound that moves back a little while a person makes up their mind takes nothing away.
  return state.status === "awaiting_approval" ? withVerdict : hold(withVerdict, verdict.reason)
}

/** Nothing could be learnt between these times; a gap that meets the last one prolongs it. */
export const withGap = (state: AutopilotState, from: number, to: number): AutopilotState => {
  const last = state.gaps.at(-1)
  const gaps =
    last !== undefined && last.to >= from
      ? [...state.gaps.slice(0, -1), { from: last.from, to }]
      : [...state.gaps, { from, to }]
  return { ...state, gaps: gaps.slice(-maxGaps) }
}

/** Whether what began then is of neither cohort. */
export const isInGap = ({ gaps }: AutopilotState, at: number): boolean =>
  gaps.some(({ from, to }) => from <= at && at <= to)

/** A person's: whatever comes next, it is not this plan's doing. */
export const pause = (state: AutopilotState, reason: string): AutopilotState => ({
  ...state,
  status: "paused",
  reason,
})

/**
 * What happened in between is not the step's: it begins anew, and so does the count of steps back. Where a person has
 * lowered the share meanwhile, it goes on from there.
 */
export const resume = (state: AutopilotState, percentage: number, now: number): AutopilotState => {
  const reached = state.plan.steps.findLastIndex((step) => step.percentage <= percentage)
  return beginStep({ ...state, setbacks: 0 }, Math.max(0, Math.min(state.step, reached)), now, "resumed")
}

/** Never above what it is now, whatever it was before. */
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

/** Of use only while it waits for an approval. */
export const promote = (state: AutopilotState, now: number, reason: string): AutopilotState =>
  raise(state, now, reason)

/** Whether a resume would do something: it is paused, or has gone back too often to go up by itself. */
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
  // Nobody is left to compare with.
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

/** Begins a step: with data of its own, so that its test is of this share and nothing is counted twice. */
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
