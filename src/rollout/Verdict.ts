/**
 * From the sums of both cohorts to `worse`, `as_good` or `cannot_tell`, with every number behind it. Pure.
 *
 * Each guardrail has a harm: how much worse the treatment is. It is `worse` when the harm is above 0 for sure,
 * `as_good` when it is below the margin for sure. A small harm can be both, and then counts as good, because the
 * margin allows it. One worse guardrail makes the verdict `worse`; `as_good` needs all of them.
 *
 * Errors: the chance of any false `worse` is 5 % over the whole plan, split over its steps and guardrails
 * (Bonferroni). The chance of a false `as_good` is 5 % per step without a split, because every guardrail has to agree
 * (an intersection-union test: Berger, Technometrics 24, 1982).
 */
import type {
  AutopilotMargins,
  AutopilotPlan,
  AutopilotVerdict,
  GuardrailName,
  GuardrailVerdict,
  Judgement,
} from "../domain/Autopilot.ts"
import { leastSessions } from "../domain/AutopilotLimits.ts"
import { sampleRatio } from "./SampleRatio.ts"
import * as Samples from "./Samples.ts"
import { type Estimate, estimate, type Moments, standardErrors } from "./SequentialTest.ts"

const falseWorse = 0.05
const falseAsGood = 0.05
/**
 * With fewer ratings in a cohort, a raise does not wait for this guardrail. Its bounds would delay even two equal modes
 * for weeks. The guardrail can still find that the runtime is worse. Measured in `docs/decisions/0049-feedback.md`.
 */
const leastRatings = 400

/** The displayed value of a cohort: the mean of the measure, its complement, or a percentile. */
type Shown = "share" | "complement" | "firstContent" | "total" | "mean"

interface Guardrail {
  readonly measure: Samples.Measure | "disliked"
  readonly shown: Shown
  readonly margin: number
  /** The treatment may have the control's value times this. */
  readonly ratio: number
}

/** Slow runs are counted against limits that include their ratio already (`Samples.addAll`). */
const guardrails = (margins: AutopilotMargins): { readonly [name in GuardrailName]: Guardrail } => ({
  success: { measure: "failed", shown: "complement", margin: margins.success, ratio: 1 },
  firstTry: { measure: "notFirstTry", shown: "complement", margin: margins.firstTry, ratio: 1 },
  repeats: { measure: "repeated", shown: "share", margin: margins.repeats, ratio: 1 },
  stops: { measure: "stopped", shown: "share", margin: margins.stops, ratio: 1 },
  feedback: { measure: "disliked", shown: "share", margin: margins.feedback, ratio: 1 },
  firstContent: { measure: "slowContent", shown: "firstContent", margin: 0, ratio: 1 },
  total: { measure: "slowTotal", shown: "total", margin: 0, ratio: 1 },
  tokens: { measure: "tokens", shown: "mean", margin: 0, ratio: margins.tokensRatio },
})

/** `percentage`: the percentage of the step, which gives the expected sessions of each cohort. */
export const judge = (
  samples: Samples.Samples,
  plan: AutopilotPlan,
  percentage: number,
): AutopilotVerdict => {
  const { control, treatment } = samples
  const controlShare = Math.min(percentage, 100 - percentage)
  const ratio = sampleRatio(treatment.sessions, control.sessions, percentage / (percentage + controlShare))
  const names = Object.entries(guardrails(plan.margins)) as ReadonlyArray<[GuardrailName, Guardrail]>
  const compared = plan.steps.filter((step) => step.percentage < 100).length
  const alpha = falseWorse / Math.max(1, compared) / names.length
  const ofRuns = errorsOf(samples, alpha)
  const ofRatings = errorsOf(samples.ratings, alpha)
  const judged = names.map(([name, guardrail]) =>
    judgeGuardrail(name, guardrail, samples, guardrail.measure === "disliked" ? ofRatings : ofRuns),
  )
  const sessions = { treatment: treatment.sessions, control: control.sessions }
  return {
    ...conclude(judged, sessions, ratio.mismatch),
    sessions,
    runs: { treatment: treatment.runs, control: control.runs },
    sampleRatio: ratio,
    guardrails: judged,
  }
}

/** The distances of the bounds in standard errors. `enough`: the cohorts have sessions for any bound. */
const errorsOf = (
  { control, treatment }: { readonly [cohort in "treatment" | "control"]: { readonly sessions: number } },
  alpha: number,
) => {
  const t = 2 / (1 / treatment.sessions + 1 / control.sessions)
  return {
    lower: standardErrors(t, alpha),
    upper: standardErrors(t, falseAsGood),
    enough: Math.min(treatment.sessions, control.sessions) >= leastSessions,
  }
}

export const hasVote = ({ guardrail, runs }: GuardrailVerdict): boolean =>
  guardrail !== "feedback" || Math.min(runs.treatment, runs.control) >= leastRatings

const conclude = (
  judged: ReadonlyArray<GuardrailVerdict>,
  sessions: { readonly treatment: number; readonly control: number },
  mismatch: boolean,
): { readonly judgement: Judgement; readonly reason: string } => {
  const counted = `${sessions.treatment} and ${sessions.control} sessions`
  if (Math.min(sessions.treatment, sessions.control) < leastSessions) {
    return { judgement: "cannot_tell", reason: `too few: ${counted}, at least ${leastSessions} of each` }
  }
  if (mismatch) {
    return {
      judgement: "cannot_tell",
      reason: `sample ratio mismatch: ${counted} do not match the expected shares`,
    }
  }
  const worse = judged.filter(({ judgement }) => judgement === "worse")
  if (worse.length > 0) return { judgement: "worse", reason: `worse: ${worse.map(describe).join("; ")}` }
  const open = judged.filter((one) => one.judgement === "cannot_tell" && hasVote(one))
  const without = judged.filter((one) => !hasVote(one)).map(withoutVote)
  return open.length === 0
    ? {
        judgement: "as_good",
        reason: [`as good on every guardrail, after ${counted}`, ...without].join("; "),
      }
    : {
        judgement: "cannot_tell",
        reason: `cannot tell yet, after ${counted}: ${open.map(({ guardrail }) => guardrail).join(", ")}`,
      }
}

const withoutVote = ({ guardrail, runs }: GuardrailVerdict): string =>
  `without ${guardrail}: ${runs.treatment} and ${runs.control} ratings, at least ${leastRatings} of each`

const rounded = (value: number): string => String(Number(value.toPrecision(4)))

const describe = ({ control, guardrail, lower, runs, treatment }: GuardrailVerdict): string =>
  `${guardrail} ${rounded(treatment)} against ${rounded(control)} in ${runs.treatment} and ${runs.control} ` +
  `${guardrail === "feedback" ? "ratings" : "runs"}, ` +
  `a harm of at least ${rounded(lower ?? 0)}`

const judgeGuardrail = (
  name: GuardrailName,
  { margin, measure, ratio, shown }: Guardrail,
  samples: Samples.Samples,
  errors: { readonly lower: number; readonly upper: number; readonly enough: boolean },
): GuardrailVerdict => {
  const { control, treatment } = samples
  const moments = momentsOf(samples, measure)
  const ofTreatment = estimateOf(moments.treatment, shown)
  const ofControl = estimateOf(moments.control, shown)
  const harm = ofTreatment.mean - ratio * ofControl.mean
  const error = Math.sqrt(ofTreatment.variance + ratio * ratio * ofControl.variance)
  // Tokens that are 0 everywhere are not reported, so there is nothing to judge.
  const has = errors.enough && Number.isFinite(error) && error > 0
  const lower = has ? harm - errors.lower * error : null
  const upper = has ? harm + errors.upper * error : null
  return {
    guardrail: name,
    judgement: judgementOf(lower, upper, margin),
    treatment: shownOf(treatment, shown, ofTreatment.mean),
    control: shownOf(control, shown, ofControl.mean),
    runs: { treatment: moments.treatment.n, control: moments.control.n },
    harm,
    lower,
    upper,
    margin,
  }
}

const momentsOf = ({ control, ratings, treatment }: Samples.Samples, measure: Guardrail["measure"]) =>
  measure === "disliked"
    ? ratings
    : { treatment: treatment.moments[measure], control: control.moments[measure] }

const judgementOf = (lower: number | null, upper: number | null, margin: number): Judgement => {
  if (lower === null || upper === null) return "cannot_tell"
  if (upper <= margin) return "as_good"
  return lower > 0 ? "worse" : "cannot_tell"
}

const estimateOf = (moments: Readonly<Moments>, shown: Shown): Estimate => {
  if (moments.n === 0) return { mean: 0, variance: Number.POSITIVE_INFINITY }
  return estimate(moments, shown === "mean" ? moments.y / moments.n : 1)
}

const shownOf = (cohort: Samples.Cohort, shown: Shown, mean: number): number => {
  switch (shown) {
    case "share":
    case "mean":
      return mean
    case "complement":
      return 1 - mean
    case "firstContent":
    case "total":
      return Samples.p95(cohort[shown])
  }
}
