/** The texts that `crossfade autopilot` prints. Pure. */
import type { AutopilotView } from "../api/AutopilotApi.ts"
import type { AutopilotStatus, AutopilotVerdict } from "../domain/Autopilot.ts"
import { aligned } from "./Columns.ts"
import { typedDuration } from "../domain/Duration.ts"
import { timeOf } from "./Times.ts"

/** Like Argo Rollouts: a finished rollout is healthy or degraded, and any other is in progress. */
export const endOf = (status: AutopilotStatus): "healthy" | "degraded" | undefined => {
  if (status === "completed") return "healthy"
  return status === "rolled_back" || status === "aborted" ? "degraded" : undefined
}

const figure = (value: number | null): string => (value === null ? "-" : String(Number(value.toFixed(3))))

/** Without a run, a share of successes is not 1. */
const measured = (value: number, runs: number): number | null => (runs === 0 ? null : value)

const verdictLines = (verdict: AutopilotVerdict): ReadonlyArray<string> => [
  "",
  ...aligned([
    ["GUARDRAIL", "VERDICT", "RUNTIME", "DIRECT", "HARM", "FROM", "TO", "MARGIN"],
    ...verdict.guardrails.map((one) => [
      one.guardrail,
      one.judgement,
      ...[
        measured(one.treatment, one.runs.treatment),
        measured(one.control, one.runs.control),
        measured(one.harm, Math.min(one.runs.treatment, one.runs.control)),
        one.lower,
        one.upper,
        one.margin,
      ].map(figure),
    ]),
  ]),
]

const notBefore = (at: number, now: number): string => (at > now ? `, not before ${timeOf(at, now)}` : "")

export const summary = ({ percentage, reason, status }: AutopilotView): string =>
  `${status} at ${percentage} %: ${reason}`

export const stateLines = (state: AutopilotView, now: number): ReadonlyArray<string> => [
  summary(state),
  ...aligned([
    ["started", timeOf(state.startedAt, now)],
    ["step", `${state.step + 1} of ${state.plan.steps.length}, since ${timeOf(state.since, now)}`],
    ...(state.next === null
      ? []
      : [["next", `${state.next.percentage} %${notBefore(state.next.notBefore, now)}`]]),
    ["plan", state.plan.steps.map((step) => `${step.percentage} % ${typedDuration(step.holdMs)}`).join(", ")],
    ...(state.verdict === null
      ? []
      : [
          ["verdict", `${state.verdict.judgement}: ${state.verdict.reason}`],
          [
            "sessions",
            `${state.verdict.sessions.treatment} runtime, ${state.verdict.sessions.control} direct`,
          ],
        ]),
  ]),
  ...(state.verdict === null || state.verdict.guardrails.length === 0 ? [] : verdictLines(state.verdict)),
  ...(state.history.length === 0 ? [] : ["", "HISTORY"]),
  ...aligned(state.history.map((stay) => [timeOf(stay.to, now), `${stay.percentage} %`, stay.reason])),
]
