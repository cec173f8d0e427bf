/**
 * A guarded rollout: the plan, its progress, and the verdict with all numbers behind it. Times are epoch
 * milliseconds, durations milliseconds, percentages 0 to 100; other shares are 0 to 1.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { autopilotLimits as limits, defaultAutopilotPlan } from "./AutopilotLimits.ts"

const holdMs = Schema.Int.check(Schema.isBetween(limits.holdMs))
const margin = Schema.Finite.check(Schema.isBetween(limits.margin))
const ratio = Schema.Finite.check(Schema.isBetween(limits.ratio))

/** The minimum time at `percentage`; the traffic decides the real time. */
const AutopilotStep = Schema.Struct({
  percentage: Schema.Finite.check(Schema.isBetween(limits.percentage)),
  holdMs,
})

/**
 * Within these margins the runtime counts as good as direct mode.
 * - `success`, `firstTry`, `repeats`, `stops`: the difference between the two shares of runs.
 * - `feedback`: the difference between the two shares of rated answers.
 * - The ratios: the runtime's figure divided by the figure of direct mode. The figure is the 95th percentile of a time,
 *   or the mean tokens of a run.
 */
export const AutopilotMargins = Schema.Struct({
  success: margin,
  firstTry: margin,
  repeats: margin,
  stops: margin,
  feedback: margin.pipe(Schema.withDecodingDefaultKey(Effect.succeed(defaultAutopilotPlan.margins.feedback))),
  firstContentRatio: ratio,
  totalRatio: ratio,
  tokensRatio: ratio,
})
export type AutopilotMargins = typeof AutopilotMargins.Type

/** Rising percentages. The first ones leave a control cohort as large as the treatment. */
const Steps = Schema.NonEmptyArray(AutopilotStep).check(
  Schema.isMaxLength(limits.steps),
  Schema.makeFilter((steps) => {
    const problems = steps.flatMap(({ percentage }, index) => {
      const path = [index, "percentage"]
      if (index === 0)
        return percentage > limits.firstPercentage ? [{ path, issue: "The first step is at most 50" }] : []
      const before = steps[index - 1]!.percentage
      return percentage > before ? [] : [{ path, issue: `Expected more than the step before, ${before}` }]
    })
    return problems.length === 0 ? undefined : problems
  }),
)

export const AutopilotPlan = Schema.Struct({
  steps: Steps,
  /** True if the autopilot may pass 50 % without a person. */
  autoApprove: Schema.Boolean,
  margins: AutopilotMargins,
  /** The number of new tries after a step back. */
  retries: Schema.Int.check(Schema.isBetween(limits.retries)),
  /** The minimum time at the lower percentage before the next try. */
  coolDownMs: holdMs,
})
export type AutopilotPlan = typeof AutopilotPlan.Type

export const GuardrailName = Schema.Literals([
  "success",
  "firstTry",
  "repeats",
  "stops",
  "feedback",
  "firstContent",
  "total",
  "tokens",
])
export type GuardrailName = typeof GuardrailName.Type

/** `cannot_tell` is a result: the autopilot neither raises nor lowers the percentage on it. */
export const Judgement = Schema.Literals(["worse", "as_good", "cannot_tell"])
export type Judgement = typeof Judgement.Type

/**
 * `treatment` and `control`: a share of runs, the 95th percentile in milliseconds, or the mean tokens of a run. For
 * `feedback` they are shares of rated answers, and `runs` is the number of rated answers. `harm`: the amount by which
 * the treatment is worse (above 0), in shares or tokens; its true value is between `lower` and `upper`.
 */
export const GuardrailVerdict = Schema.Struct({
  guardrail: GuardrailName,
  judgement: Judgement,
  treatment: Schema.Finite,
  control: Schema.Finite,
  runs: Schema.Struct({ treatment: Schema.Int, control: Schema.Int }),
  harm: Schema.Finite,
  /** Null: too little data for a bound. */
  lower: Schema.NullOr(Schema.Finite),
  upper: Schema.NullOr(Schema.Finite),
  /** `worse` if `lower` > 0, `as_good` if `upper` <= this. */
  margin: Schema.Finite,
})
export type GuardrailVerdict = typeof GuardrailVerdict.Type

export const AutopilotVerdict = Schema.Struct({
  judgement: Judgement,
  reason: Schema.String,
  sessions: Schema.Struct({ treatment: Schema.Int, control: Schema.Int }),
  runs: Schema.Struct({ treatment: Schema.Int, control: Schema.Int }),
  /** The treatment's share of both cohorts' sessions. On a `mismatch` the cohorts cannot be compared. */
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

/** A finished stay at one percentage, and the reason for its end. */
const AutopilotStay = Schema.Struct({
  percentage: Schema.Finite,
  from: Schema.Int,
  to: Schema.Int,
  reason: Schema.String,
  verdict: Schema.NullOr(AutopilotVerdict),
})
type AutopilotStay = typeof AutopilotStay.Type

export const AutopilotState = Schema.Struct({
  plan: AutopilotPlan,
  status: AutopilotStatus,
  /** The reason for this status, in words. */
  reason: Schema.String,
  /** An index into the plan's steps. */
  step: Schema.Int,
  /** The rollout percentage that the autopilot requests. */
  percentage: Schema.Finite,
  /** True once the rollout has this percentage. */
  applied: Schema.Boolean,
  /** The percentage at the start, which an abort restores. */
  before: Schema.Finite,
  /** The start of the step's data. */
  since: Schema.Int,
  /** No raise before this time. */
  notBefore: Schema.Int,
  /** Periods without usable data; runs that start in them do not count. */
  gaps: Schema.Array(Schema.Struct({ from: Schema.Int, to: Schema.Int })),
  /** Steps back since the start, or since a person resumed the rollout. */
  setbacks: Schema.Int,
  startedAt: Schema.Int,
  verdict: Schema.NullOr(AutopilotVerdict),
  /** The last hundred stays, oldest first. */
  history: Schema.Array(AutopilotStay),
})
export type AutopilotState = typeof AutopilotState.Type
