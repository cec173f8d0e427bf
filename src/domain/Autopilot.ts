/**
 * A guarded rollout as it is kept and shown: the plan, where it stands, and the verdict with every number behind it.
 * Times are epoch milliseconds, durations milliseconds, percentages 0 to 100; every other share is 0 to 1.
 */
import * as Schema from "effect/Schema"

const between = (minimum: number, maximum: number) =>
  Schema.Finite.check(Schema.isBetween({ minimum, maximum }))
const longestHoldMs = 30 * 86_400_000
const holdMs = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: longestHoldMs }))

/** The least time at `percentage`; how long it really takes depends on the traffic. */
export const AutopilotStep = Schema.Struct({
  percentage: between(0.1, 100),
  holdMs,
})

/**
 * How much worse the runtime may be and still be as good. The first four are differences of shares of runs; the
 * ratios are the runtime's value over direct mode's, of the 95th percentiles and of the mean tokens of a run.
 */
export const AutopilotMargins = Schema.Struct({
  success: between(0.001, 1),
  firstTry: between(0.001, 1),
  repeats: between(0.001, 1),
  stops: between(0.001, 1),
  firstContentRatio: between(1, 100),
  totalRatio: between(1, 100),
  tokensRatio: between(1, 100),
})
export type AutopilotMargins = typeof AutopilotMargins.Type

/** Rising, and from where a control as large as the treatment is left. */
const Steps = Schema.NonEmptyArray(AutopilotStep).check(
  Schema.isMaxLength(20),
  Schema.makeFilter((steps) => {
    const problems = steps.flatMap(({ percentage }, index) => {
      const path = [index, "percentage"]
      if (index === 0) return percentage > 50 ? [{ path, issue: "The first step is at most 50" }] : []
      const before = steps[index - 1]!.percentage
      return percentage > before ? [] : [{ path, issue: `Expected more than the step before, ${before}` }]
    })
    return problems.length === 0 ? undefined : problems
  }),
)

export const AutopilotPlan = Schema.Struct({
  steps: Steps,
  /** Allows it to raise the share past 50 % without asking. */
  autoApprove: Schema.Boolean,
  margins: AutopilotMargins,
  /** How many times it goes up again after a step back. */
  retries: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 })),
  /** The least time at the lower share before it goes up again. */
  coolDownMs: holdMs,
})
export type AutopilotPlan = typeof AutopilotPlan.Type

export const GuardrailName = Schema.Literals([
  "success",
  "firstTry",
  "repeats",
  "stops",
  "firstContent",
  "total",
  "tokens",
])
export type GuardrailName = typeof GuardrailName.Type

/** `cannot_tell` is an answer: nothing is raised or lowered on it. */
export const Judgement = Schema.Literals(["worse", "as_good", "cannot_tell"])
export type Judgement = typeof Judgement.Type

/**
 * `treatment` and `control`: the share of runs, the 95th percentile in milliseconds, or the mean tokens of a run. `harm` is
 * how much worse the treatment is (above 0 is worse), in shares or tokens; its true value is between `lower` and `upper`.
 */
export const GuardrailVerdict = Schema.Struct({
  guardrail: GuardrailName,
  judgement: Judgement,
  treatment: Schema.Finite,
  control: Schema.Finite,
  runs: Schema.Struct({ treatment: Schema.Int, control: Schema.Int }),
  harm: Schema.Finite,
  /** Null: not enough data for a bound. */
  lower: Schema.NullOr(Schema.Finite),
  upper: Schema.NullOr(Schema.Finite),
  /** `worse` when `lower` > 0, `as_good` when `upper` <= this. */
  margin: Schema.Finite,
})
export type GuardrailVerdict = typeof GuardrailVerdict.Type

export const AutopilotVerdict = Schema.Struct({
  judgement: Judgement,
  reason: Schema.String,
  sessions: Schema.Struct({ treatment: Schema.Int, control: Schema.Int }),
  runs: Schema.Struct({ treatment: Schema.Int, control: Schema.Int }),
  /** Sessions of the treatment among both cohorts'. A `mismatch` means that the cohorts cannot be compared. */
  sampleRatio: Schema.Struct({
    expected: Schema.Finite,
    found: Schema.NullOr(Schema.Finite),
    pValue: Schema.Finite,
    mismatch: Schema.Boolean,
  }),
  guardrails: Schema.Array(GuardrailVerdict),
})
export type AutopilotVerdict = typeof AutopilotVerdict.Type

export const AutopilotStatus = Schema.Literals([
  "running",
  "holding",
  "cooling_down",
  "awaiting_approval",
  "paused",
  "completed",
  "rolled_back",
  "aborted",
])
export type AutopilotStatus = typeof AutopilotStatus.Type

/** One stay at a percentage that is over, and why it ended. */
export const AutopilotStay = Schema.Struct({
  percentage: Schema.Finite,
  from: Schema.Int,
  to: Schema.Int,
  reason: Schema.String,
  verdict: Schema.NullOr(AutopilotVerdict),
})
export type AutopilotStay = typeof AutopilotStay.Type

export const AutopilotState = Schema.Struct({
  plan: AutopilotPlan,
  status: AutopilotStatus,
  /** Why it is in this status, in words. */
  reason: Schema.String,
  /** Index into the plan's steps. */
  step: Schema.Int,
  /** The rollout's percentage that it asks for. */
  percentage: Schema.Finite,
  /** True once the rollout has taken that percentage. */
  applied: Schema.Boolean,
  /** The percentage at the start: what an abort goes back to. */
  before: Schema.Finite,
  /** Since when the step's data are taken. */
  since: Schema.Int,
  /** Before this it raises nothing. */
  notBefore: Schema.Int,
  /** Times in which nothing could be learnt: runs that began in them do not count. */
  gaps: Schema.Array(Schema.Struct({ from: Schema.Int, to: Schema.Int })),
  /** Steps back since the start, or since a person's resume. */
  setbacks: Schema.Int,
  startedAt: Schema.Int,
  verdict: Schema.NullOr(AutopilotVerdict),
  /** Oldest first, the last hundred. */
  history: Schema.Array(AutopilotStay),
})
export type AutopilotState = typeof AutopilotState.Type

const minute = 60_000
const hour = 60 * minute

/** Measured in `docs/decisions/0012-autopilot.md`. */
export const defaultAutopilotPlan: AutopilotPlan = {
  steps: [
    { percentage: 1, holdMs: hour },
    { percentage: 5, holdMs: 2 * hour },
    { percentage: 10, holdMs: 4 * hour },
    { percentage: 25, holdMs: 8 * hour },
    { percentage: 50, holdMs: 24 * hour },
    { percentage: 100, holdMs: 0 },
  ],
  autoApprove: false,
  margins: {
    success: 0.02,
    firstTry: 0.02,
    repeats: 0.02,
    stops: 0.02,
    firstContentRatio: 1.5,
    totalRatio: 1.5,
    tokensRatio: 2,
  },
  retries: 2,
  coolDownMs: hour,
}
