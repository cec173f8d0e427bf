/** The form of the rollout settings as typed, and its way back to a change of the API. Pure. */
import type { RolloutDocument } from "../../api/RolloutApi.ts"
import { numberOf } from "../kit/Inputs.ts"
import { type RolloutField, rolloutFields } from "../../domain/RolloutLimits.ts"
import type { RolloutSettings } from "../../domain/RolloutSettings.ts"

export type Document = typeof RolloutDocument.Encoded
export type Settings = typeof RolloutSettings.Encoded
export type Rule = Settings["rules"][number]
export type Mode = Settings["defaultMode"]

/** Inputs of one rule. Empty: no such condition. */
export interface RuleDraft {
  /** Identifies the rule while rules move. */
  readonly key: number
  readonly name: string
  readonly mode: Mode
  readonly enabled: boolean
  readonly agentIds: string
  readonly needsTools: "" | "yes" | "no"
  readonly minMessageLength: string
  readonly maxMessageLength: string
  readonly headerName: string
  readonly headerValue: string
  readonly languages: string
}

type ThresholdName = keyof Settings["thresholds"]
export const thresholdNames = ["errorRate", "timeoutRate", "latencyRatio", "minSamples"] as const

export interface Draft {
  readonly defaultMode: Mode
  readonly percentage: string
  /** One organisation a line. */
  readonly enabledOrgs: string
  readonly deniedOrgs: string
  readonly rules: ReadonlyArray<RuleDraft>
  readonly shadowPercentage: string
  readonly thresholds: Readonly<Record<ThresholdName, string>>
  /** The fields that return to the environment. */
  readonly returned: ReadonlyArray<RolloutField>
}

const numberText = (value: number | undefined): string => (value === undefined ? "" : String(value))

const ruleDraftOf = ({ enabled = true, mode, name, when }: Rule, key: number): RuleDraft => ({
  key,
  name,
  mode,
  enabled,
  agentIds: (when.agentIds ?? []).join("\n"),
  needsTools: when.needsTools === undefined ? "" : when.needsTools ? "yes" : "no",
  minMessageLength: numberText(when.minMessageLength),
  maxMessageLength: numberText(when.maxMessageLength),
  headerName: when.header?.name ?? "",
  headerValue: when.header?.value ?? "",
  languages: (when.languages ?? []).join(", "),
})

/** `key` must differ from those of the other rules. */
export const emptyRule = (key: number): RuleDraft =>
  ruleDraftOf({ name: "", mode: "runtime_orchestrator", when: {} }, key)

export const draftOf = (settings: Settings): Draft => ({
  defaultMode: settings.defaultMode,
  percentage: String(settings.percentage),
  enabledOrgs: settings.enabledOrgs.join("\n"),
  deniedOrgs: settings.deniedOrgs.join("\n"),
  rules: settings.rules.map(ruleDraftOf),
  shadowPercentage: String(settings.shadowPercentage),
  thresholds: {
    errorRate: String(settings.thresholds.errorRate),
    timeoutRate: String(settings.thresholds.timeoutRate),
    latencyRatio: String(settings.thresholds.latencyRatio),
    minSamples: String(settings.thresholds.minSamples),
  },
  returned: [],
})

export const linesOf = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")

export const wordsOf = (text: string): ReadonlyArray<string> =>
  text.split(/[\s,]+/).filter((word) => word !== "")

const ruleOf = (draft: RuleDraft): Rule => {
  const agentIds = wordsOf(draft.agentIds.toLowerCase())
  const languages = wordsOf(draft.languages.toLowerCase())
  const { headerName, headerValue, maxMessageLength, minMessageLength } = draft
  const header = { name: headerName.trim().toLowerCase(), value: headerValue }
  const isListed = (list: ReadonlyArray<string>): list is readonly [string, ...Array<string>] =>
    list.length > 0
  return {
    name: draft.name.trim(),
    mode: draft.mode,
    // Absent means true, so that an untouched rule stays as it was written.
    ...(draft.enabled ? {} : { enabled: false }),
    when: {
      ...(isListed(agentIds) ? { agentIds } : {}),
      ...(draft.needsTools === "" ? {} : { needsTools: draft.needsTools === "yes" }),
      ...(minMessageLength.trim() === "" ? {} : { minMessageLength: numberOf(minMessageLength) }),
      ...(maxMessageLength.trim() === "" ? {} : { maxMessageLength: numberOf(maxMessageLength) }),
      ...(header.name === "" && header.value === "" ? {} : { header }),
      ...(isListed(languages) ? { languages } : {}),
    },
  }
}

/** The settings that the inputs describe; `Problems.ts` checks them. */
export const settingsOf = (draft: Draft): Settings => ({
  defaultMode: draft.defaultMode,
  percentage: numberOf(draft.percentage),
  enabledOrgs: linesOf(draft.enabledOrgs),
  deniedOrgs: linesOf(draft.deniedOrgs),
  rules: draft.rules.map(ruleOf),
  shadowPercentage: numberOf(draft.shadowPercentage),
  thresholds: {
    errorRate: numberOf(draft.thresholds.errorRate),
    timeoutRate: numberOf(draft.thresholds.timeoutRate),
    latencyRatio: numberOf(draft.thresholds.latencyRatio),
    minSamples: numberOf(draft.thresholds.minSamples),
  },
})

/** A rule in the order and with the keys of `ruleOf`. */
const plainRule = (rule: Rule, key: number): Rule => ruleOf(ruleDraftOf(rule, key))
const plain = (settings: Settings): Settings => ({ ...settings, rules: settings.rules.map(plainRule) })

const thresholdsText = (of: Settings["thresholds"]): string =>
  thresholdNames.map((name) => of[name]).join(" ")

export const isEqual = (field: RolloutField, a: Settings, b: Settings): boolean =>
  field === "thresholds"
    ? thresholdsText(a.thresholds) === thresholdsText(b.thresholds)
    : JSON.stringify(plain(a)[field]) === JSON.stringify(plain(b)[field])

/** The fields that the draft changes. A field that no operator has set has nothing to return from. */
export const changedFields = (base: Document, draft: Draft): ReadonlyArray<RolloutField> => {
  const settings = settingsOf(draft)
  return rolloutFields.filter((field) =>
    draft.returned.includes(field)
      ? base.sources[field].from === "operator"
      : !isEqual(field, base, settings),
  )
}

export const patchOf = (base: Document, draft: Draft): Readonly<Record<string, unknown>> => {
  const settings = settingsOf(draft)
  return Object.fromEntries(
    changedFields(base, draft).map((field) => [
      field,
      draft.returned.includes(field) ? null : settings[field],
    ]),
  )
}

/** The own changes on top of the settings of another operator. */
export const rebased = (base: Document, draft: Draft, theirs: Document): Draft => {
  const mine = changedFields(base, draft)
  const fresh = draftOf(theirs)
  return {
    ...fresh,
    ...Object.fromEntries(mine.map((field) => [field, draft[field]])),
    returned: draft.returned.filter((field) => mine.includes(field)),
  }
}
