/** Checks the inputs of the rollout form by the limits of the API. Pure. */
import { rolloutLimits as limits, ruleHeaderName, ruleLanguage } from "../../domain/RolloutLimits.ts"
import { outOfRange, type Problem } from "../kit/Inputs.ts"
import { type Draft, type Rule, settingsOf, thresholdNames } from "./RolloutDraft.ts"

const ofOrgs = (path: string, orgs: ReadonlyArray<string>): ReadonlyArray<Problem> => {
  const long = orgs.find((org) => org.length > limits.orgIdLength)
  const twice = orgs.find((org, place) => orgs.indexOf(org) < place)
  return [
    ...(orgs.length > limits.orgs
      ? [{ path, key: "tooMany", parameters: { most: limits.orgs } } as const]
      : []),
    ...(long === undefined
      ? []
      : [{ path, key: "tooLong", parameters: { most: limits.orgIdLength } } as const]),
    ...(twice === undefined ? [] : [{ path, key: "twice", parameters: { value: twice } } as const]),
  ]
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const ofLists = (path: string, when: Rule["when"]): ReadonlyArray<Problem> => {
  const agentIds: ReadonlyArray<string> = when.agentIds ?? []
  const languages: ReadonlyArray<string> = when.languages ?? []
  const wrongAgent = agentIds.find((id) => !uuid.test(id))
  const wrongLanguage = languages.find((tag) => !ruleLanguage.test(tag))
  const agents = `${path}.agentIds`
  const tags = `${path}.languages`
  return [
    ...(wrongAgent === undefined
      ? []
      : [{ path: agents, key: "uuid", parameters: { value: wrongAgent } } as const]),
    ...(agentIds.length > limits.agentIds
      ? [{ path: agents, key: "tooMany", parameters: { most: limits.agentIds } } as const]
      : []),
    ...(wrongLanguage === undefined
      ? []
      : [{ path: tags, key: "languageTag", parameters: { value: wrongLanguage } } as const]),
    ...(languages.length > limits.languages
      ? [{ path: tags, key: "tooMany", parameters: { most: limits.languages } } as const]
      : []),
  ]
}

const lengths = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

const ofLengths = (path: string, when: Rule["when"]): ReadonlyArray<Problem> => {
  const { maxMessageLength: most, minMessageLength: least } = when
  const wrong = (name: string, value: number | undefined): ReadonlyArray<Problem> =>
    value === undefined || (Number.isInteger(value) && value >= lengths.minimum)
      ? []
      : [{ path: `${path}.${name}`, key: "wholeFrom", parameters: { minimum: lengths.minimum } }]
  return [
    ...wrong("minMessageLength", least),
    ...wrong("maxMessageLength", most),
    ...(least !== undefined && most !== undefined && most < least
      ? [{ path: `${path}.maxMessageLength`, key: "belowLeast" } as const]
      : []),
  ]
}

const ofWhen = (path: string, when: Rule["when"]): ReadonlyArray<Problem> => {
  const { header } = when
  return [
    ...(Object.keys(when).length === 0 ? [{ path, key: "noCondition" } as const] : []),
    ...ofLists(path, when),
    ...ofLengths(path, when),
    ...(header !== undefined && !ruleHeaderName.test(header.name)
      ? [{ path: `${path}.header.name`, key: "headerName" } as const]
      : []),
    ...(header !== undefined && header.value.length > limits.headerValueLength
      ? [
          {
            path: `${path}.header.value`,
            key: "tooLong",
            parameters: { most: limits.headerValueLength },
          } as const,
        ]
      : []),
  ]
}

const ofRule = (rule: Rule, place: number, rules: ReadonlyArray<Rule>): ReadonlyArray<Problem> => {
  const path = `rules.${place}`
  const { length } = rule.name
  return [
    ...(length < 1 || length > limits.ruleNameLength
      ? [{ path: `${path}.name`, key: "lengthBetween", parameters: { most: limits.ruleNameLength } } as const]
      : []),
    ...(rules.findIndex(({ name }) => name === rule.name) < place
      ? [{ path: `${path}.name`, key: "nameTaken" } as const]
      : []),
    ...ofWhen(`${path}.when`, rule.when),
  ]
}

/** A field that returns to the environment has no value to check. */
export const problemsOf = (draft: Draft): ReadonlyArray<Problem> => {
  const { deniedOrgs, enabledOrgs, percentage, rules, shadowPercentage, thresholds } = settingsOf(draft)
  return [
    ...outOfRange("percentage", percentage, limits.percentage),
    ...ofOrgs("enabledOrgs", enabledOrgs),
    ...ofOrgs("deniedOrgs", deniedOrgs),
    ...(rules.length > limits.rules
      ? [{ path: "rules", key: "tooMany", parameters: { most: limits.rules } } as const]
      : []),
    ...rules.flatMap(ofRule),
    ...outOfRange("shadowPercentage", shadowPercentage, limits.percentage),
    ...thresholdNames.flatMap((name) =>
      name === "minSamples"
        ? outOfRange(`thresholds.${name}`, thresholds[name], limits.minSamples, true)
        : outOfRange(`thresholds.${name}`, thresholds[name], limits.share),
    ),
  ].filter(({ path }) => !draft.returned.some((field) => path === field || path.startsWith(`${field}.`)))
}

/** The gateway's problems, at the fields of the form. */
export const problemsOfAnswer = (
  details: ReadonlyArray<{ readonly path: string; readonly message: string }>,
): ReadonlyArray<Problem> =>
  details.map(({ message, path }) => ({ path: path.replace(/^payload\.?/, ""), message }))
