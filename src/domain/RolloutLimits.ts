/** The fields and limits of the rollout settings. Without a schema, so that the console uses the same ones. */
export const rolloutFields = [
  "defaultMode",
  "percentage",
  "enabledOrgs",
  "deniedOrgs",
  "rules",
  "shadowPercentage",
  "thresholds",
] as const
export type RolloutField = (typeof rolloutFields)[number]

export const rolloutLimits = {
  percentage: { minimum: 0, maximum: 100 },
  share: { minimum: 0, maximum: 1 },
  minSamples: { minimum: 1, maximum: 1_000_000 },
  orgs: 1000,
  orgIdLength: 200,
  rules: 50,
  ruleNameLength: 100,
  agentIds: 100,
  languages: 50,
  headerValueLength: 200,
  reasonLength: 500,
} as const

/** Only these headers leave the HTTP edge, so that no rule can read `authorization` or `cookie`. */
export const ruleHeaderName = /^x-[a-z0-9-]{1,98}$/

/** The primary subtag of RFC 5646: `de` of `de-AT`. */
export const ruleLanguage = /^[a-z]{2,8}$/
