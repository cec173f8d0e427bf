/**
 * Moves breakers from state to state, with evidence, epochs and log in step. Pure; times are epoch milliseconds.
 */
import type { OrgId } from "../../domain/Ids.ts"
import * as OrderedMap from "../../platform/OrderedMap.ts"
import * as Evidence from "../evidence/Evidence.ts"
import * as FaultCounter from "../evidence/FaultCounter.ts"
import type * as Orgs from "../evidence/Orgs.ts"
import * as Running from "../evidence/Running.ts"
import * as Breaker from "./Breaker.ts"
import * as Breakers from "./Breakers.ts"
import type { OperatorOverride } from "./OperatorOverride.ts"

const isLeaseChange = (from: Breaker.Breaker, to: Breaker.Breaker): boolean =>
  from !== to && to.state === "half_open"

const recordMove = (
  breakers: Breakers.Breakers,
  orgId: OrgId | null,
  before: { readonly breaker: Breaker.Breaker; readonly override: OperatorOverride | undefined },
  { breaker, transition }: Breaker.Moved,
): Breakers.Breakers => {
  const from = Breakers.shownState(before.breaker, before.override)
  if (transition !== undefined) return Breakers.logTransition(breakers, orgId, { ...transition, from })
  return isLeaseChange(before.breaker, breaker) ? Breakers.propose(breakers, orgId) : breakers
}

/** A new epoch voids all evidence. */
export const moveGlobal = (before: Breakers.Breakers, moved: Breaker.Moved): Breakers.Breakers => {
  if (moved.breaker === before.global) return before
  const { global, override } = before
  const recorded = recordMove(
    { ...before, global: moved.breaker },
    null,
    { breaker: global, override },
    moved,
  )
  return moved.breaker.epoch === global.epoch ? recorded : voidEvidence(recorded)
}

/** Removes the evidence of one organisation from the common evidence. */
export const withdraw = (breakers: Breakers.Breakers, orgId: OrgId, now: number): Breakers.Breakers => {
  const org = Breakers.orgOf(breakers, orgId)
  if (org === undefined) return breakers
  return {
    ...Breakers.setOrg(breakers, { ...org, evidence: undefined }),
    evidence: Evidence.withdraw(breakers.evidence, org, now),
    faults: FaultCounter.withdraw(breakers.faults, orgId),
    timeouts: FaultCounter.withdraw(breakers.timeouts, orgId),
    running: Running.withdraw(breakers.running, orgId),
  }
}

/** Gives the organisation this breaker, and drops the evidence that ends with the old one. */
const setOrgBreaker = (
  before: Breakers.Breakers,
  orgId: OrgId,
  breaker: Breaker.Breaker,
  now: number,
): { readonly breakers: Breakers.Breakers; readonly org: Orgs.Org } | undefined => {
  const org = Breakers.orgOf(before, orgId)
  if (org === undefined) return undefined
  const leaves = org.breaker.state === "closed" && breaker.state !== "closed"
  const breakers = leaves ? withdraw(before, orgId, now) : before
  const faults = breaker.epoch === org.breaker.epoch ? org.faults : FaultCounter.clear(org.faults)
  const evidence = leaves ? undefined : org.evidence
  return { breakers: Breakers.setOrg(breakers, { ...org, breaker, faults, evidence }), org }
}

export const moveOrg = (
  before: Breakers.Breakers,
  orgId: OrgId,
  moved: Breaker.Moved,
  now: number,
): Breakers.Breakers => {
  if (moved.breaker === Breakers.orgOf(before, orgId)?.breaker) return before
  const changed = setOrgBreaker(before, orgId, moved.breaker, now)
  if (changed === undefined) return before
  const { breakers, org } = changed
  const epochs = breakers.epochs + moved.breaker.epoch - org.breaker.epoch
  return recordMove({ ...breakers, epochs }, orgId, org, moved)
}

/** Takes over another replica's change of a breaker, without a log entry. */
export const adopt = (
  before: Breakers.Breakers,
  orgId: OrgId | null,
  { breaker, override }: Pick<Breakers.PendingChange, "breaker" | "override">,
  now: number,
): Breakers.Breakers => {
  if (orgId === null) {
    const breakers = { ...before, global: breaker }
    const isNewEpoch = breaker.epoch !== before.global.epoch
    return Breakers.setOverride(isNewEpoch ? voidEvidence(breakers) : breakers, null, override)
  }
  const { breakers } = setOrgBreaker(before, orgId, breaker, now) ?? { breakers: before }
  return Breakers.setOverride(
    { ...breakers, epochs: Math.max(breakers.epochs, breaker.epoch) },
    orgId,
    override,
  )
}

/** Closes the breakers of the organisations that `isIncluded` selects; the global one stays as it is. */
export const closeOrgs = (
  before: Breakers.Breakers,
  now: number,
  reason: string,
  isIncluded: (org: Orgs.Org) => boolean = () => true,
): Breakers.Breakers => {
  const orgs = [...OrderedMap.values(before.orgs.byId)].filter(isIncluded)
  return orgs.reduce(
    (breakers, org) => moveOrg(breakers, org.id, Breaker.reset(org.breaker, now, reason), now),
    before,
  )
}

export const voidEvidence = (breakers: Breakers.Breakers): Breakers.Breakers => {
  const { evidence, orgs, probing, running } = breakers
  let { byId } = orgs
  for (const org of OrderedMap.values(orgs.byId)) {
    const faults = FaultCounter.clear(org.faults)
    if (org.evidence === undefined && faults === org.faults) continue
    byId = OrderedMap.set(byId, org.id, { ...org, evidence: undefined, faults })
  }
  return {
    ...breakers,
    orgs: { ...orgs, byId },
    evidence: Evidence.make(evidence.windowMs),
    faults: FaultCounter.clear(breakers.faults),
    timeouts: FaultCounter.clear(breakers.timeouts),
    running: Running.clear(running),
    probing: { ...probing, failed: false, confirmed: 0 },
  }
}
