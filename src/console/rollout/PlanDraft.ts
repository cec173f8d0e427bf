/** The form of a plan as typed, its check by the limits of the API, and the body of the start. Pure. */
import type { AutopilotStart } from "../../api/AutopilotApi.ts"
import { autopilotLimits as limits, defaultAutopilotPlan } from "../../domain/AutopilotLimits.ts"
import { parseDuration, typedDuration } from "../../domain/Duration.ts"
import { numberOf, outOfRange, type Problem } from "../kit/Inputs.ts"

export const marginNames = [
  "success",
  "firstTry",
  "repeats",
  "stops",
  "feedback",
  "firstContentRatio",
  "totalRatio",
  "tokensRatio",
] as const
type MarginName = (typeof marginNames)[number]

export interface StepDraft {
  readonly percentage: string
  readonly hold: string
}

export interface PlanDraft {
  readonly steps: ReadonlyArray<StepDraft>
  readonly margins: Readonly<Record<MarginName, string>>
  readonly retries: string
  readonly coolDown: string
  readonly autoApprove: boolean
}

const textsOf = <Key extends string>(numbers: Readonly<Record<Key, number>>): Readonly<Record<Key, string>> =>
  Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, String(value)])) as Record<
    Key,
    string
  >

export const defaultPlanDraft = (): PlanDraft => ({
  steps: defaultAutopilotPlan.steps.map(({ holdMs, percentage }) => ({
    percentage: String(percentage),
    hold: typedDuration(holdMs),
  })),
  margins: textsOf(defaultAutopilotPlan.margins),
  retries: String(defaultAutopilotPlan.retries),
  coolDown: typedDuration(defaultAutopilotPlan.coolDownMs),
  autoApprove: defaultAutopilotPlan.autoApprove,
})

const ofDuration = (path: string, text: string): ReadonlyArray<Problem> => {
  const ms = parseDuration(text)
  if (ms === undefined) return [{ path, key: "durationUnknown" }]
  const { maximum, minimum } = limits.holdMs
  return ms > maximum
    ? [
        {
          path,
          key: "durationBetween",
          parameters: { minimum: typedDuration(minimum), maximum: typedDuration(maximum) },
        },
      ]
    : []
}

const ofPercentage = (steps: ReadonlyArray<StepDraft>, place: number): ReadonlyArray<Problem> => {
  const path = `steps.${place}.percentage`
  const value = numberOf(steps[place]?.percentage ?? "")
  const wrong = outOfRange(path, value, limits.percentage)
  if (wrong.length > 0) return wrong
  if (place === 0)
    return value > limits.firstPercentage
      ? [{ path, key: "firstTooHigh", parameters: { most: limits.firstPercentage } }]
      : []
  const before = numberOf(steps[place - 1]?.percentage ?? "")
  return value <= before ? [{ path, key: "notRising", parameters: { before } }] : []
}

const isRatio = (name: MarginName): boolean => name.endsWith("Ratio")

export const planProblems = ({ coolDown, margins, retries, steps }: PlanDraft): ReadonlyArray<Problem> => [
  ...(steps.length > limits.steps
    ? [{ path: "steps", key: "tooMany", parameters: { most: limits.steps } } as const]
    : []),
  ...steps.flatMap(({ hold }, place) => [
    ...ofPercentage(steps, place),
    ...ofDuration(`steps.${place}.holdMs`, hold),
  ]),
  ...marginNames.flatMap((name) =>
    outOfRange(`margins.${name}`, numberOf(margins[name]), isRatio(name) ? limits.ratio : limits.margin),
  ),
  ...outOfRange("retries", numberOf(retries), limits.retries, true),
  ...ofDuration("coolDownMs", coolDown),
]

const stepOf = ({ hold, percentage }: StepDraft) => ({
  percentage: numberOf(percentage),
  holdMs: parseDuration(hold) ?? 0,
})

/** Only for a draft without problems. */
export const planOf = ({ autoApprove, coolDown, margins, retries, steps }: PlanDraft): AutopilotStart => {
  const [first, ...others] = steps.map(stepOf)
  return {
    ...(first === undefined ? {} : { steps: [first, ...others] }),
    margins: Object.fromEntries(marginNames.map((name) => [name, numberOf(margins[name])])),
    retries: numberOf(retries),
    coolDownMs: parseDuration(coolDown) ?? 0,
    autoApprove,
  }
}
