/**
 * The windows, the evidence and the breaker of each organisation. Pure and immutable.
 *
 * Bounded: in the order of last use. An organisation that is idle for a whole window leaves from the front, and the longest
 * idle one makes room for the 10 001st. A breaker that is not closed outlives idleness.
 */
import type { OrgId } from "../../domain/Ids.ts"
import type { ExecutionMode } from "../../domain/Mode.ts"
import * as OrderedMap from "../../platform/OrderedMap.ts"
import * as Breaker from "../breaker/Breaker.ts"
import type { OperatorOverride } from "../breaker/OperatorOverride.ts"
import type { Policy } from "../Policy.ts"
import * as FaultCounter from "./FaultCounter.ts"
import * as SlidingWindow from "./SlidingWindow.ts"

/** A bound of memory: this many organisations with 400 records a second among them take about 200 MB. */
export const maxOrgs = 10_000

export interface Org {
  readonly id: OrgId
  readonly windows: { readonly [mode in ExecutionMode]: SlidingWindow.SlidingWindow | undefined }
  /** The input of its breaker: see Evidence. */
  readonly evidence: SlidingWindow.SlidingWindow | undefined
  readonly breaker: Breaker.Breaker
  /** Trips its own breaker only. */
  readonly faults: FaultCounter.FaultCounter
  readonly override: OperatorOverride | undefined
  readonly usedAt: number
  /** When it last asked for the runtime or used it. */
  readonly wantedRuntimeAt: number
}

export interface Orgs {
  readonly windowMs: number
  /** The longest unused first. */
  readonly byId: OrderedMap.OrderedMap<OrgId, Org>
  readonly sweptAt: number
}

export const make = (windowMs: number): Orgs => ({ windowMs, byId: OrderedMap.empty(), sweptAt: 0 })

export const get = ({ byId }: Orgs, id: OrgId): Org | undefined => OrderedMap.get(byId, id)

export const set = (orgs: Orgs, org: Org): Orgs => ({
  ...orgs,
  byId: OrderedMap.set(orgs.byId, org.id, org),
})

export const remove = (orgs: Orgs, id: OrgId): Orgs => ({ ...orgs, byId: OrderedMap.remove(orgs.byId, id) })

/** Removes organisations that were idle for a whole window and are pristine: nothing of them can be seen. */
export const sweep = (orgs: Orgs, relapseMs: number, now: number): Orgs => {
  if (now - orgs.sweptAt < orgs.windowMs / SlidingWindow.bucketCount) return orgs
  let { byId } = orgs
  for (const org of OrderedMap.values(orgs.byId)) {
    if (isActive(orgs, org.usedAt, now)) break
    const isPristine = org.override === undefined && Breaker.isPristine(org.breaker, relapseMs, now)
    if (isPristine) byId = OrderedMap.remove(byId, org.id)
  }
  return { ...orgs, byId, sweptAt: now }
}

/** The organisation that makes room for a new one; undefined while there is room. An operator's override stays. */
export const evicted = ({ byId }: Orgs): Org | undefined => {
  if (OrderedMap.size(byId) < maxOrgs) return undefined
  for (const org of OrderedMap.values(byId)) if (org.override === undefined) return org
  return undefined
}

export const newOrg = (policy: Policy, id: OrgId, epoch: number, now: number): Org => ({
  id,
  windows: { direct_llm: undefined, runtime_orchestrator: undefined },
  evidence: undefined,
  breaker: Breaker.closed(epoch, now),
  faults: FaultCounter.make(policy.orgFaultLimit, policy.orgFaultLimit),
  override: undefined,
  usedAt: now,
  wantedRuntimeAt: Number.NEGATIVE_INFINITY,
})

/** The organisation becomes the last used one. */
export const use = (orgs: Orgs, org: Org, now: number): Orgs => ({
  ...orgs,
  byId: OrderedMap.append(orgs.byId, org.id, { ...org, usedAt: now }),
})

const isActive = (orgs: Orgs, at: number, now: number): boolean => at > now - orgs.windowMs

/** Counts the organisations in use, of either mode, up to `most`. */
export const inUse = (orgs: Orgs, most: number, now: number): number => {
  let count = 0
  for (const org of OrderedMap.values(orgs.byId)) {
    if (isActive(orgs, org.usedAt, now)) count += 1
    if (count === most) return count
  }
  return count
}

/** Counts the organisations that asked for the runtime within the window, and those of them that have left it. */
export const census = (orgs: Orgs, now: number): { readonly inWindow: number; readonly left: number } => {
  const asked = [...OrderedMap.values(orgs.byId)].filter(({ wantedRuntimeAt }) =>
    isActive(orgs, wantedRuntimeAt, now),
  )
  return { inWindow: asked.length, left: asked.filter(({ breaker }) => breaker.state !== "closed").length }
}
