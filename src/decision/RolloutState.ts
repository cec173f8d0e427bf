/**
 * The settings in effect: operator values over the environment over the defaults. Pure. Only operator values are
 * stored, so that a changed environment variable still applies to every other field after a restart.
 */
import type { Actor } from "../domain/Actor.ts"
import { murmur3 } from "../domain/Bucket.ts"
import { type RolloutField, rolloutFields } from "../domain/RolloutLimits.ts"
import type {
  OperatorSettings,
  RolloutPatch,
  RolloutSettings,
  RolloutSource,
} from "../domain/RolloutSettings.ts"
import type { StoredRollout } from "../store/RolloutStore.ts"

/** The settings that the process started with. */
export interface Defaults {
  readonly settings: RolloutSettings
  readonly from: Readonly<Record<RolloutField, "environment" | "default">>
  /** True on the sandbox, where the default mode is the runtime only so that its faults can be tried. */
  readonly isSandbox?: boolean
}

export interface RolloutState {
  readonly version: number
  readonly settings: RolloutSettings
  /** The settings without operator values. */
  readonly environment: RolloutSettings
  readonly sources: Readonly<Record<RolloutField, RolloutSource>>
  /** True if the default mode is the sandbox's own, which no operator and no environment has chosen. */
  readonly isModeOpen: boolean
  /** Changes with any field above: a strong validator (RFC 9110), quotes included. */
  readonly etag: string
}

const byField = <A>(of: (field: RolloutField) => A): Record<RolloutField, A> =>
  Object.fromEntries(rolloutFields.map((field) => [field, of(field)])) as Record<RolloutField, A>

export const stateOf = (defaults: Defaults, { operator, version }: StoredRollout): RolloutState => {
  const settings = byField(
    (field) => (operator[field] ?? { value: defaults.settings[field] }).value,
  ) as unknown as RolloutSettings
  const sources = byField((field): RolloutSource => {
    const set = operator[field]
    return set === undefined ? { from: defaults.from[field] } : { from: "operator", by: set.by, at: set.at }
  })
  // The version is not enough: another environment makes another document of the same version.
  const { settings: environment } = defaults
  const hash = murmur3(JSON.stringify({ settings, sources, environment })).toString(16)
  const isModeOpen = defaults.isSandbox === true && sources.defaultMode.from === "default"
  return { version, settings, environment, sources, isModeOpen, etag: `"${version}-${hash}"` }
}

/** The operator values after a change; a field that is null returns to the environment's value. */
export const patched = (
  operator: OperatorSettings,
  patch: RolloutPatch,
  by: Actor,
  at: number,
): OperatorSettings => {
  const unchanged = rolloutFields.filter(
    (field) => patch[field] === undefined && operator[field] !== undefined,
  )
  const set = rolloutFields.filter((field) => patch[field] !== undefined && patch[field] !== null)
  return Object.fromEntries([
    ...unchanged.map((field) => [field, operator[field]]),
    ...set.map((field) => [field, { value: patch[field], by, at }]),
  ]) as OperatorSettings
}

/** The values of the fields that differ, before and after. */
export const difference = (
  before: RolloutSettings,
  after: RolloutSettings,
): { readonly before: Partial<RolloutSettings>; readonly after: Partial<RolloutSettings> } => {
  const changed = rolloutFields.filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  )
  const of = (settings: RolloutSettings): Partial<RolloutSettings> =>
    Object.fromEntries(changed.map((field) => [field, settings[field]]))
  return { before: of(before), after: of(after) }
}

/** `If-Match` of RFC 9110: `*`, or a list of validators; a weak one never matches. */
export const matches = (ifMatch: string, etag: string): boolean =>
  ifMatch.trim() === "*" || ifMatch.split(",").some((candidate) => candidate.trim() === etag)
