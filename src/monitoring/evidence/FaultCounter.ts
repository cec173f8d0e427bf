/**
 * A cumulative sum (CUSUM, Page 1954) that faults raise and good attempts lower, never below 0: evidence of a present fault,
 * long before a window of minutes shows it. Pure and immutable; times are epoch milliseconds.
 *
 * Fair weight: the amount that one organisation adds is bounded, so that no single one can trip it. Synthetic probes belong to
 * no organisation and are not bounded.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { OrgId } from "../../domain/Ids.ts"
import type { Policy } from "../Policy.ts"

export interface FaultCounter {
  readonly limit: number
  /** The most that one organisation can add. */
  readonly most: number
  readonly value: number
  /** When the sum rose from 0; undefined while it is 0. */
  readonly since: number | undefined
  readonly newestAt: number
  readonly byOrg: HashMap.HashMap<OrgId, number>
}

export const make = (limit: number, most: number): FaultCounter => ({
  limit,
  most,
  value: 0,
  since: undefined,
  newestAt: Number.NEGATIVE_INFINITY,
  byOrg: HashMap.empty(),
})

export const clear = (counter: FaultCounter): FaultCounter =>
  counter.value === 0 && counter.since === undefined && HashMap.isEmpty(counter.byOrg)
    ? counter
    : { ...counter, value: 0, since: undefined, byOrg: HashMap.empty() }

const addedBy = ({ byOrg }: FaultCounter, orgId: OrgId): number =>
  Option.getOrElse(HashMap.get(byOrg, orgId), () => 0)

export const fault = (
  counter: FaultCounter,
  policy: Policy,
  orgId: OrgId | undefined,
  weight: number,
  now: number,
): FaultCounter => {
  const { limit, most, since = now, value } = counter
  const added = orgId === undefined ? 0 : addedBy(counter, orgId)
  const counted = orgId === undefined ? weight : Math.max(0, Math.min(weight, most - added))
  return {
    ...counter,
    newestAt: now,
    since,
    byOrg: orgId === undefined ? counter.byOrg : HashMap.set(counter.byOrg, orgId, added + counted),
    value: Math.min(value + counted, limit * (1 + policy.headroom)),
  }
}

/** Counts only attempts that began after the sum had risen: older ones do not show that the fault is over. */
export const good = (
  counter: FaultCounter,
  orgId: OrgId | undefined,
  weight: number,
  begunAt: number,
): FaultCounter => {
  if (counter.since === undefined || begunAt < counter.since) return counter
  if (orgId === undefined) return lower(counter, weight)
  const rest = addedBy(counter, orgId) - weight
  const { byOrg } = counter
  const less = rest > 0 ? HashMap.set(byOrg, orgId, rest) : HashMap.remove(byOrg, orgId)
  return lower({ ...counter, byOrg: less }, weight)
}

/** Removes the amount that one organisation has added. */
export const withdraw = (counter: FaultCounter, orgId: OrgId): FaultCounter => {
  const added = addedBy(counter, orgId)
  return lower({ ...counter, byOrg: HashMap.remove(counter.byOrg, orgId) }, added)
}

const lower = (counter: FaultCounter, by: number): FaultCounter => {
  const value = counter.value - by
  return value <= 0 ? clear({ ...counter, value: 0 }) : { ...counter, value }
}

export const isOver = (
  { limit, newestAt, since, value }: FaultCounter,
  { freshMs, leastSpanMs }: Policy,
  now: number,
): boolean => value >= limit && since !== undefined && now - since >= leastSpanMs && now - newestAt <= freshMs

/** The organisations that have added most. */
export const worstOrgs = (
  { byOrg }: FaultCounter,
  most: number,
): ReadonlyArray<{ readonly orgId: OrgId; readonly added: number }> =>
  HashMap.toEntries(byOrg)
    .map(([orgId, added]) => ({ orgId, added }))
    .filter(({ added }) => added > 0)
    .toSorted((a, b) => b.added - a.added || (a.orgId < b.orgId ? -1 : 1))
    .slice(0, most)
