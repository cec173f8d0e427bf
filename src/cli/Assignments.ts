/**
 * The assignments of `crossfade rollout set`, such as `percentage=5` or `deniedOrgs+=acme`, as a change of the settings.
 * Pure. The service checks the values themselves.
 */
import type * as Schema from "effect/Schema"
import type { RolloutPatch, RolloutSettings } from "../domain/RolloutSettings.ts"
import { rolloutFields } from "../domain/RolloutLimits.ts"
import { didYouMean } from "./DidYouMean.ts"
import { UsageError } from "./Explained.ts"
import { wordsOf } from "./KeysText.ts"

type Json = Schema.Json
type Change = Readonly<Record<string, Json>>

const modes: Readonly<Record<string, string>> = { direct: "direct_llm", runtime: "runtime_orchestrator" }
const thresholds = ["errorRate", "timeoutRate", "latencyRatio", "minSamples"] as const
const names = [
  ...rolloutFields.filter((field) => field !== "thresholds"),
  ...thresholds.map((name) => `thresholds.${name}`),
]

const wrong = (name: string, expected: string) => new UsageError({ message: `${name}: expected ${expected}` })

const numberOf = (name: string, text: string): number | UsageError => {
  const value = Number(text.replace(/%$/, ""))
  return text.trim() === "" || !Number.isFinite(value) ? wrong(name, "a number") : value
}

const listOf = (
  name: string,
  operator: string,
  text: string,
  now: ReadonlyArray<string>,
): ReadonlyArray<string> | UsageError => {
  const given = wordsOf(text)
  if (operator === "=") return given
  if (operator === "+=") return [...new Set([...now, ...given])]
  const absent = given.find((org) => !now.includes(org))
  return absent === undefined
    ? now.filter((org) => !given.includes(org))
    : new UsageError({ message: `${name}: ${absent} is not in the list. ${didYouMean(absent, now)}` })
}

const jsonOf = (name: string, text: string): Json | UsageError => {
  try {
    return JSON.parse(text)
  } catch {
    return wrong(name, "JSON, such as the rules that `crossfade rollout get --json` prints")
  }
}

const valueOf = (name: string, operator: string, text: string, now: RolloutSettings): Json | UsageError => {
  if (text === "null") return null
  switch (name) {
    case "defaultMode":
      return modes[text] ?? text
    case "enabledOrgs":
    case "deniedOrgs":
      return listOf(name, operator, text, now[name])
    case "rules":
      return jsonOf(name, text)
    default:
      return numberOf(name, text)
  }
}

const isList = (name: string): boolean => name === "enabledOrgs" || name === "deniedOrgs"

const add = (change: Change, text: string, now: RolloutSettings): Change | UsageError => {
  const [, name = "", operator = "", value = ""] = /^([\w.]+?)(\+=|-=|=)([\s\S]*)$/.exec(text) ?? []
  if (name === "") return new UsageError({ message: `${text}: expected setting=value, such as percentage=5` })
  if (name === "thresholds" && value === "null") return { ...change, thresholds: null }
  if (!names.includes(name))
    return new UsageError({ message: `There is no setting ${name}. ${didYouMean(name, names)}` })
  if (operator !== "=" && !isList(name)) return wrong(name, `${name}=VALUE; only lists take += and -=`)
  const [field = "", part] = name.split(".")
  const found = valueOf(name, operator, value, now)
  if (found instanceof UsageError) return found
  if (part === undefined) return { ...change, [field]: found }
  const before = change["thresholds"]
  const base = typeof before === "object" && before !== null ? before : now.thresholds
  return { ...change, thresholds: Object.assign({}, base, { [part]: found }) }
}

/** `now` are the settings in force: `+=`, `-=` and single thresholds change them. */
export const changeOf = (texts: ReadonlyArray<string>, now: RolloutSettings): Change | UsageError =>
  texts.reduce<Change | UsageError>(
    (change, text) => (change instanceof UsageError ? change : add(change, text, now)),
    {},
  )

/** The organisations that a change adds to a list. */
export const addedOrgs = (change: RolloutPatch, now: RolloutSettings): ReadonlyArray<string> =>
  (["enabledOrgs", "deniedOrgs"] as const).flatMap((name) =>
    (change[name] ?? []).filter((org) => !now[name].includes(org)),
  )
