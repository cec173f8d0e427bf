/** Numbers of a verdict as texts in the chosen language. Pure. */
import type { GuardrailName } from "../../domain/Autopilot.ts"
import { duration } from "../kit/Time.tsx"
import { unitOf } from "./Progress.ts"

/** A share as a percentage: 0.9812 is "98.1%". */
export const percent = (share: number, tag: string): string =>
  new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 1 }).format(share)

const rounded = (value: number, tag: string): string =>
  new Intl.NumberFormat(tag, {
    maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1,
    signDisplay: "negative",
  }).format(value)

/** The value of a cohort. */
export const cohortFigure = (guardrail: GuardrailName, value: number, tag: string): string => {
  switch (unitOf(guardrail)) {
    case "share":
      return percent(value, tag)
    case "ms":
      return duration(value)
    case "tokens":
      return rounded(value, tag)
  }
}

/** A harm, a bound or a margin: points of a share, or tokens. */
export const harmFigure = (guardrail: GuardrailName, value: number, tag: string): string =>
  rounded(unitOf(guardrail) === "tokens" ? value : value * 100, tag)
