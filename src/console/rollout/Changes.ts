/** A change of the rollout settings, line by line, for people. Pure. */
import { type RolloutField, rolloutFields } from "../../domain/RolloutLimits.ts"
import type { Parameters } from "../text/Text.ts"
import type { rolloutText } from "../text/RolloutText.ts"
import {
  changedFields,
  type Document,
  type Draft,
  isEqual,
  type Rule,
  type Settings,
  settingsOf,
  thresholdNames,
} from "./RolloutDraft.ts"

export interface Line {
  readonly field: RolloutField
  readonly key: keyof typeof rolloutText
  readonly parameters?: Parameters
}

type List = "enabledOrgs" | "deniedOrgs"

const ofOrgs = (field: List, before: Settings, after: Settings): ReadonlyArray<Line> => {
  const joined = after[field].filter((org) => !before[field].includes(org))
  const left = before[field].filter((org) => !after[field].includes(org))
  const lines = [
    ...joined.map((org): Line => ({ field, key: "joins", parameters: { org } })),
    ...left.map((org): Line => ({ field, key: "leaves", parameters: { org } })),
  ]
  return lines.length === 0 ? [{ field, key: "orderChanges" }] : lines
}

const sameRule = (a: Rule, b: Rule): boolean => {
  const text = ({ enabled = true, mode, when }: Rule) =>
    JSON.stringify([
      enabled,
      mode,
      Object.entries(when).toSorted(([left], [right]) => (left < right ? -1 : 1)),
    ])
  return text(a) === text(b)
}

const ofRules = (before: Settings, after: Settings): ReadonlyArray<Line> => {
  const field = "rules"
  const old = new Map(before.rules.map((rule) => [rule.name, rule]))
  const names = new Set(after.rules.map(({ name }) => name))
  const lines = [
    ...after.rules.flatMap((rule): ReadonlyArray<Line> => {
      const was = old.get(rule.name)
      if (was === undefined) return [{ field, key: "ruleAdded", parameters: { name: rule.name } }]
      return sameRule(was, rule) ? [] : [{ field, key: "ruleChanged", parameters: { name: rule.name } }]
    }),
    ...before.rules
      .filter(({ name }) => !names.has(name))
      .map(({ name }): Line => ({ field, key: "ruleRemoved", parameters: { name } })),
  ]
  return lines.length === 0 ? [{ field, key: "rulesMoved" }] : lines
}

const ofThresholds = (before: Settings, after: Settings): ReadonlyArray<Line> =>
  thresholdNames
    .filter((name) => before.thresholds[name] !== after.thresholds[name])
    .map((name) => ({
      field: "thresholds",
      key: "thresholdChange",
      parameters: { name, before: before.thresholds[name], after: after.thresholds[name] },
    }))

const ofField = (field: RolloutField, before: Settings, after: Settings): ReadonlyArray<Line> => {
  switch (field) {
    case "enabledOrgs":
    case "deniedOrgs":
      return ofOrgs(field, before, after)
    case "rules":
      return ofRules(before, after)
    case "thresholds":
      return ofThresholds(before, after)
    case "percentage":
    case "shadowPercentage":
      return [{ field, key: "percentChange", parameters: { before: before[field], after: after[field] } }]
    case "defaultMode":
      return [{ field, key: "valueChange", parameters: { before: before[field], after: after[field] } }]
  }
}

/** Between two states of the settings. */
export const linesBetween = (before: Settings, after: Settings): ReadonlyArray<Line> =>
  rolloutFields
    .filter((field) => !isEqual(field, before, after))
    .flatMap((field) => ofField(field, before, after))

const ofReturn = (field: RolloutField, base: Document): ReadonlyArray<Line> => [
  { field, key: "returns" },
  ...(isEqual(field, base, base.environment) ? [] : ofField(field, base, base.environment)),
]

/** From the settings to the draft. */
export const linesOf = (base: Document, draft: Draft): ReadonlyArray<Line> => {
  const after = settingsOf(draft)
  return changedFields(base, draft).flatMap((field) =>
    draft.returned.includes(field) ? ofReturn(field, base) : ofField(field, base, after),
  )
}

/** Results of the change that people expect otherwise. */
export const effectsOf = (base: Document, draft: Draft): ReadonlyArray<keyof typeof rolloutText> => {
  const changed = changedFields(base, draft)
  const after = settingsOf(draft)
  const kept = (field: RolloutField) => changed.includes(field) && !draft.returned.includes(field)
  return [
    ...(kept("percentage") && after.percentage < base.percentage ? (["effectLower"] as const) : []),
    ...(kept("percentage") && after.percentage > base.percentage ? (["effectRaise"] as const) : []),
    ...(kept("percentage") && after.defaultMode === "runtime_orchestrator"
      ? (["effectDefault"] as const)
      : []),
    ...(changed.includes("thresholds") ? (["effectThresholds"] as const) : []),
  ]
}
