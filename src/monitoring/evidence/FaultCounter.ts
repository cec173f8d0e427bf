/**
 * Evidence that something is wrong now, long before a window of minutes shows it: a cumulative sum (CUSUM, Page 1954)
 * that faults raise and good attempts lower, never below 0. Pure; changed in place by its one owner, times are epoch
 * milliseconds.
 *
 * Fair weight: what one organisation has added since the sum was last 0 is bounded, so that no single one can trip it.
 * Synthetic probes belong to no organisation and are not bounded.
 */
import type { OrgId } from "../../domain/Ids.ts"

export interface FaultCounter {
  readonly limit: number
  /** The most that one organisation can add. */
  most: number
  value: number
  /** When the sum rose from 0; undefined while it is 0. */
  since: number | undefined
  newestAt: number
  readonly byOrg: Map<OrgId, number>
}

/** A blip that is over before this is no reason to leave. */
const leastSpanMs = 5000
/** Evidence that nothing new adds to is of something that is over. */
const freshMs = 1000
/** It need not remember how far beyond the limit it was. */
const headroom = 5 / 12

export const make = (limit: number, mostOfOneOrg: number): FaultCounter => ({
  limit,
  most: limit * mostOfOneOrg,
  value: 0,
  since: undefined,
  newestAt: Number.NEGATIVE_INFINITY,
  byOrg: new Map(),
})

export const clear = (counter: FaultCounter): void => {
  counter.value = 0
  counter.since = undefined
  counter.byOrg.clear()
}

export const fault = (counter: FaultCounter, orgId: OrgId | undefined, weight: number, now: number): void => {
  counter.newestAt = now
  counter.since ??= now
  let counted = weight
  if (orgId !== undefined) {
    const before = counter.byOrg.get(orgId) ?? 0
    counted = Math.max(0, Math.min(weight, counter.most - before))
    counter.byOrg.set(orgId, before + counted)
  }
  counter.value = Math.min(counter.value + counted, counter.limit * (1 + headroom))
}

/** Only what began after the sum had risen says that the trouble is over. */
export const good = (
  counter: FaultCounter,
  orgId: OrgId | undefined,
  weight: number,
  begunAt: number,
): void => {
  if (counter.since === undefined || begunAt < counter.since) return
  if (orgId !== undefined) {
    const rest = (counter.byOrg.get(orgId) ?? 0) - weight
    if (rest > 0) counter.byOrg.set(orgId, rest)
    else counter.byOrg.delete(orgId)
  }
  lower(counter, weight)
}

/** Takes out what one organisation has added. */
export const withdraw = (counter: FaultCounter, orgId: OrgId): void => {
  const added = counter.byOrg.get(orgId) ?? 0
  counter.byOrg.delete(orgId)
  lower(counter, added)
}

const lower = (counter: FaultCounter, by: number): void => {
  counter.value -= by
  if (counter.value <= 0) clear(counter)
}

export const isOver = ({ limit, newestAt, since, value }: FaultCounter, now: number): boolean =>
  value >= limit && since !== undefined && now - since >= leastSpanMs && now - newestAt <= freshMs
