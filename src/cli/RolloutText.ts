/** The texts that `crossfade rollout` prints. Pure. */
import type { RolloutDocument } from "../api/RolloutApi.ts"
import { type RolloutField, rolloutFields } from "../domain/RolloutLimits.ts"
import type { RolloutPatch, RolloutSource } from "../domain/RolloutSettings.ts"
import { aligned } from "./Columns.ts"
import { timeOf } from "./Times.ts"

const valueText = (value: unknown): string => {
  if (Array.isArray(value))
    return value.length === 0
      ? "none"
      : value.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join(", ")
  return typeof value === "object" && value !== null
    ? Object.entries(value)
        .map(([name, number]) => `${name} ${number}`)
        .join(", ")
    : String(value)
}

const sourceText = (source: RolloutSource, now: number): string =>
  source.from === "operator"
    ? `${source.by.userId}${source.by.orgId === null ? "" : ` of ${source.by.orgId}`}, ${timeOf(source.at, now)}`
    : source.from

export const settingsLines = (document: RolloutDocument, now: number): ReadonlyArray<string> => [
  ...aligned([
    ["SETTING", "VALUE", "SET BY"],
    ...rolloutFields.map((field) => [
      field,
      valueText(document[field]),
      sourceText(document.sources[field], now),
    ]),
  ]),
  `version ${document.version}`,
]

type Values = Readonly<Record<RolloutField, unknown>>

interface Difference {
  readonly setting: RolloutField
  readonly before: unknown
  readonly after: unknown
}

const compared = (before: Values, after: Values): ReadonlyArray<Difference> =>
  rolloutFields
    .filter((setting) => JSON.stringify(before[setting]) !== JSON.stringify(after[setting]))
    .map((setting) => ({ setting, before: before[setting], after: after[setting] }))

/** Null returns a setting to the environment. */
export const differences = (document: RolloutDocument, change: RolloutPatch): ReadonlyArray<Difference> => {
  const returned = rolloutFields.filter((field) => change[field] === null)
  const environment = Object.fromEntries(returned.map((field) => [field, document.environment[field]]))
  return compared(document, { ...document, ...change, ...environment })
}

/** The settings in which operators differ from the environment. */
export const ofOperators = (document: RolloutDocument): ReadonlyArray<Difference> =>
  compared(document.environment, document)

export const differenceLines = (found: ReadonlyArray<Difference>): ReadonlyArray<string> =>
  aligned(found.map(({ after, before, setting }) => [setting, `${valueText(before)} -> ${valueText(after)}`]))

const isHigher = (change: Difference): boolean => Number(change.after) > Number(change.before)

/** Consequences that the values do not show. */
export const notes = (found: ReadonlyArray<Difference>): ReadonlyArray<string> =>
  found.flatMap((change) => {
    switch (change.setting) {
      case "percentage":
        return isHigher(change)
          ? ["Only new sessions follow the percentage."]
          : [
              "Sessions that are on the runtime stay there. To move all turns now: crossfade override direct --reason …",
            ]
      case "defaultMode":
        return ["All sessions outside the lists, rules and cohorts change their mode with the next turn."]
      case "deniedOrgs":
        return ["Denied organisations never use the runtime, not even when direct mode fails."]
      default:
        return []
    }
  })

/** A change of no value still gives its settings to operators, or back to the environment. */
export const ownerLine = (change: RolloutPatch): string => {
  const returned = rolloutFields.filter((field) => change[field] === null)
  const own = rolloutFields.filter((field) => change[field] !== undefined && change[field] !== null)
  const sentence = (owner: string, fields: ReadonlyArray<string>) =>
    fields.length === 0 ? "" : ` Set by ${owner}: ${fields.join(", ")}.`
  return `No value changes.${sentence("operators", own)}${sentence("the environment", returned)}`
}
