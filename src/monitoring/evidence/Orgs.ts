/**
 * What is known of each organisation: its windows, its evidence, its breaker. Changed in place; belongs to `Health`.
 *
 * Bounded: linked in the order of last use, so that what has been idle for a whole window is dropped from the front, and
 * the longest idle one makes room when there are 10 000. A breaker that is not closed outlives idleness. (A `Map` that is
 * kept in this order by deleting and setting looks for one busy key among all that it has deleted of it.)
 */
import type { OrgId } from "../../domain/Ids.ts"
import * as IntrusiveList from "../../platform/IntrusiveList.ts"
import type { ExecutionMode } from "../../domain/Mode.ts"
import * as Breaker from "../breaker/Breaker.ts"
import * as FaultCounter from "./FaultCounter.ts"
import type { OperatorOverride } from "../breaker/OperatorOverride.ts"
import * as SlidingWindow from "./SlidingWindow.ts"

/** Measured: so many organisations with 400 records a second among them take 200 MB. */
export const maxOrgs = 10_000

/** Faults less good attempts that make an organisation leave alone: from fallback-policy.md, "Fair weight". */
const ownLimit = 8

export interface Org extends IntrusiveList.Links<Org> {
  readonly id: OrgId
  readonly windows: { [mode in ExecutionMode]: SlidingWindow.SlidingWindow | undefined }
  /** What its breaker judges: see Evidence. */
  evidence: SlidingWindow.SlidingWindow | undefined
  breaker: Breaker.Breaker
  /** Trips its own breaker only. */
  readonly faults: FaultCounter.FaultCounter
  forced: OperatorOverride | undefined
  usedAt: number
  /** When it last asked for the runtime or used it. */
  wantedRuntimeAt: number
}

export interface Orgs {
  readonly windowMs: number
  readonly byId: Map<OrgId, Org>
  /** The longest unused first. */
  readonly byUse: IntrusiveList.IntrusiveList<Org>
  sweptAt: number
}

export const make = (windowMs: number): Orgs => ({
  windowMs,
  byId: new Map(),
  byUse: IntrusiveList.empty(),
  sweptAt: 0,
})

const remove = (orgs: Orgs, org: Org): void => {
  IntrusiveList.remove(orgs.byUse, org)
  orgs.byId.delete(org.id)
}

/** Drops, from the longest unused on, what is idle for a whole window and pristine: nothing of it can be seen. */
const sweep = (orgs: Orgs, now: number): void => {
  if (now - orgs.sweptAt < orgs.windowMs / SlidingWindow.bucketCount) return
  orgs.sweptAt = now
  for (const org of IntrusiveList.each(orgs.byUse)) {
    if (isActive(orgs, org.usedAt, now)) return
    if (org.forced === undefined && Breaker.isPristine(org.breaker, now)) remove(orgs, org)
  }
}

/** An operator's order is not forgotten to make room. */
const longestIdle = (orgs: Orgs): Org | undefined => {
  for (const org of IntrusiveList.each(orgs.byUse)) if (org.forced === undefined) return org
  return undefined
}

/** The organisation, made if need be with a breaker of `epoch`, and now the last used. */
export const touch = (
  orgs: Orgs,
  id: OrgId,
  now: number,
  make: { readonly epoch: number; readonly onDrop: (org: Org) => void },
): Org => {
  sweep(orgs, now)
  const known = orgs.byId.get(id)
  if (known !== undefined) {
    known.usedAt = now
    IntrusiveList.append(orgs.byUse, known)
    return known
  }
  const oldest = orgs.byId.size < maxOrgs ? undefined : longestIdle(orgs)
  if (oldest !== undefined) {
    make.onDrop(oldest)
    remove(orgs, oldest)
  }
  const org: Org = {
    id,
    windows: { direct_llm: undefined, runtime_orchestrator: undefined },
    evidence: undefined,
    breaker: Breaker.closed(make.epoch, now),
    faults: FaultCounter.make(ownLimit, 1),
    forced: undefined,
    usedAt: now,
    older: undefined,
    newer: undefined,
    wantedRuntimeAt: Number.NEGATIVE_INFINITY,
  }
  orgs.byId.set(id, org)
  IntrusiveList.append(orgs.byUse, org)
  return org
}

export const isActive = (orgs: Orgs, at: number, now: number): boolean => at > now - orgs.windowMs

/** How many there are, of either mode; more than four are as many as four. */
export const inUse = (orgs: Orgs, now: number): number => {
  let found = 0
  for (const org of IntrusiveList.each(orgs.byUse)) {
    if (isActive(orgs, org.usedAt, now)) found += 1
    if (found === 4) return found
  }
  return found
}

/** Of the organisations that asked for the runtime within the window: how many there are, and how many have left it. */
export const census = (orgs: Orgs, now: number): { readonly inWindow: number; readonly left: number } => {
  let inWindow = 0
  let left = 0
  for (const org of orgs.byId.values()) {
    if (!isActive(orgs, org.wantedRuntimeAt, now)) continue
    inWindow += 1
    if (org.breaker.state !== "closed") left += 1
  }
  return { inWindow, left }
}
