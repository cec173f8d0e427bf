/** The place of a guarded rollout in its plan, and the commands that fit. Pure; the gateway decides in the end. */
import type { AutopilotView } from "../../api/AutopilotApi.ts"
import type { GuardrailName, GuardrailVerdict } from "../../domain/Autopilot.ts"

interface StepShown {
  readonly percentage: number
  readonly holdMs: number
  readonly state: "done" | "present" | "ahead"
}

const finished: ReadonlyArray<AutopilotView["status"]> = ["completed", "rolled_back", "aborted"]
export const isFinished = ({ status }: AutopilotView): boolean => finished.includes(status)

/** A completed plan has passed all its steps; one that was ended has no present step. */
export const stepsOf = (view: AutopilotView): ReadonlyArray<StepShown> =>
  view.plan.steps.map((step, place) => ({
    ...step,
    state:
      view.status === "completed" || place < view.step
        ? "done"
        : place === view.step && !isFinished(view)
          ? "present"
          : "ahead",
  }))

export type Command = "promote" | "resume" | "pause" | "abort"

export const commandsOf = (view: AutopilotView): ReadonlyArray<Command> => {
  if (isFinished(view)) return []
  const isSpent = view.setbacks > view.plan.retries
  return [
    ...(view.status === "awaiting_approval" ? (["promote"] as const) : []),
    ...(view.status === "paused" || isSpent ? (["resume"] as const) : []),
    ...(view.status === "paused" ? [] : (["pause"] as const)),
    "abort",
  ]
}

/** The unit of a guardrail's cohort values. Its harm is in tokens for `tokens`, and in shares for the others. */
export const unitOf = (guardrail: GuardrailName): "share" | "ms" | "tokens" =>
  guardrail === "firstContent" || guardrail === "total" ? "ms" : guardrail === "tokens" ? "tokens" : "share"

/** The ends of a guardrail's axis: zero, the margin, the harm and its bounds have a place on it. */
export const axisOf = ({ harm, lower, margin, upper }: GuardrailVerdict): readonly [number, number] => {
  const places = [0, margin, harm, ...(lower === null ? [] : [lower]), ...(upper === null ? [] : [upper])]
  const [low, high] = [Math.min(...places), Math.max(...places)]
  const air = (high - low || 1) * 0.08
  return [low - air, high + air]
}
