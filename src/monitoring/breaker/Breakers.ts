/**
 * The global breaker and the breaker of each organisation, with their evidence and the log of their transitions. Pure and
 * immutable; times are epoch milliseconds.
 *
 * Breakers move in Moves. A log entry holds the new breaker, so the last entry of each scope is enough for a restart.
 */
import * as HashSet from "effect/HashSet"
import type { BreakerState } from "../../domain/BreakerState.ts"
import type { OrgId } from "../../domain/Ids.ts"
import * as Baseline from "../evidence/Baseline.ts"
import * as Evidence from "../evidence/Evidence.ts"
import * as FaultCounter from "../evidence/FaultCounter.ts"
import * as Orgs from "../evidence/Orgs.ts"
import * as Running from "../evidence/Running.ts"
import type * as SlidingWindow from "../evidence/SlidingWindow.ts"
import type { Policy } from "../Policy.ts"
import * as Probing from "../probes/Probing.ts"
import * as Breaker from "./Breaker.ts"
import type { OperatorCommand } from "./OperatorCommand.ts"
import type { OperatorOverride } from "./OperatorOverride.ts"
import type { ScopedTransition } from "./Transition.ts"

export interface Breakers {
  readonly policy: Policy
  readonly orgs: Orgs.Orgs
  /** The common evidence of all organisations: see Evidence. */
  readonly evidence: SlidingWindow.SlidingWindow
  /** Against the runtime, in the epoch of the global breaker. */
  readonly faults: FaultCounter.FaultCounter
  readonly timeouts: FaultCounter.FaultCounter
  readonly running: Running.Running
  readonly baseline: Baseline.Baseline
  readonly probing: Probing.Probing
  /** Against direct mode: over its limit, turns stay on the runtime. */
  readonly directFaults: FaultCounter.FaultCounter
  /** Oldest first. */
  readonly transitions: ReadonlyArray<ScopedTransition>
  /** Changes of this process that the fleet has not accepted yet; oldest first. */
  readonly pending: ReadonlyArray<PendingChange>
  /** Pending changes so far. */
  readonly changes: number
  /** The operator command under execution. */
  readonly command: OperatorCommand | undefined
  readonly global: Breaker.Breaker
  readonly override: OperatorOverride | undefined
  /** Organisations with an override of their own. */
  readonly overridden: HashSet.HashSet<OrgId>
  /** When a turn last asked for the runtime. */
  readonly wantedAt: number
  /** Total epoch increments so far. New breakers start here, so a ticket of an evicted breaker never matches. */
  readonly epochs: number
  /** Tickets so far. */
  readonly tickets: number
}

/** A breaker has changed, or has leased a turn. */
export interface PendingChange {
  readonly number: number
  /** Null: the global breaker. */
  readonly orgId: OrgId | null
  readonly breaker: Breaker.Breaker
  readonly override: OperatorOverride | undefined
  /** Undefined for a lease that was taken or given back. */
  readonly transition: ScopedTransition | undefined
  /** The operator command behind this change; replayed if the fleet rejects it. */
  readonly command: OperatorCommand | undefined
  /** Its transition is published already. */
  readonly published: boolean
}

/** A bound of memory: about 300 KB. */
const maxTransitions = 1000

export const make = (windowMs: number, policy: Policy, now: number): Breakers => ({
  policy,
  orgs: Orgs.make(windowMs),
  evidence: Evidence.make(windowMs),
  faults: FaultCounter.make(policy.faultLimit, policy.faultsOfOneOrg),
  timeouts: FaultCounter.make(policy.timeoutLimit, policy.timeoutsOfOneOrg),
  running: Running.empty,
  baseline: Baseline.make(now),
  probing: Probing.initial,
  directFaults: FaultCounter.make(policy.directFaultLimit, policy.directFaultLimit),
  transitions: [],
  pending: [],
  changes: 0,
  command: undefined,
  global: Breaker.closed(0, now),
  override: undefined,
  overridden: HashSet.empty(),
  wantedAt: Number.NEGATIVE_INFINITY,
  epochs: 0,
  tickets: 0,
})

/** Makes the organisation the last used one; adds it if it is unknown. `change` applies to it in the same step. */
export const use = (
  before: Breakers,
  orgId: OrgId,
  now: number,
  change: (org: Orgs.Org) => Orgs.Org = (org) => org,
): Breakers => {
  const swept = Orgs.sweep(before.orgs, before.policy.relapseMs, now)
  const known = Orgs.get(swept, orgId)
  if (known !== undefined) return { ...before, orgs: Orgs.use(swept, change(known), now) }
  const evicted = Orgs.evicted(swept)
  const breakers = {
    ...before,
    orgs: evicted === undefined ? swept : Orgs.remove(swept, evicted.id),
    evidence: evicted === undefined ? before.evidence : Evidence.withdraw(before.evidence, evicted, now),
  }
  const org = Orgs.newOrg(breakers.policy, orgId, breakers.epochs, now)
  return { ...breakers, orgs: Orgs.use(breakers.orgs, change(org), now) }
}

export const setOrg = (breakers: Breakers, org: Orgs.Org): Breakers => ({
  ...breakers,
  orgs: Orgs.set(breakers.orgs, org),
})

export const orgOf = ({ orgs }: Breakers, orgId: OrgId): Orgs.Org | undefined => Orgs.get(orgs, orgId)

/** A scope is one organisation, or the global breaker for null. */
const scopeOf = (
  breakers: Breakers,
  orgId: OrgId | null,
): { readonly breaker: Breaker.Breaker; readonly override: OperatorOverride | undefined } => {
  const org = orgId === null ? undefined : orgOf(breakers, orgId)
  return org ?? { breaker: breakers.global, override: breakers.override }
}

export const shownState = (
  breaker: Breaker.Breaker,
  override: OperatorOverride | undefined,
): BreakerState => {
  if (override === undefined) return breaker.state
  return override.mode === "direct_llm" ? "forced_direct" : "forced_runtime"
}

/** Sets the override of a scope, without a log entry. */
export const setOverride = (
  breakers: Breakers,
  orgId: OrgId | null,
  override: OperatorOverride | undefined,
): Breakers => {
  const org = orgId === null ? undefined : orgOf(breakers, orgId)
  if (org === undefined) return orgId === null ? { ...breakers, override } : breakers
  const { overridden } = breakers
  return {
    ...setOrg(breakers, { ...org, override }),
    overridden: override === undefined ? HashSet.remove(overridden, org.id) : HashSet.add(overridden, org.id),
  }
}

/** Sets the override of a scope and logs it; undefined ends it. */
export const changeOverride = (
  breakers: Breakers,
  orgId: OrgId | null,
  override: OperatorOverride | undefined,
  now: number,
  reason: string,
): Breakers => {
  const scope = scopeOf(breakers, orgId)
  if (scope.override === undefined && override === undefined) return breakers
  const from = shownState(scope.breaker, scope.override)
  return logTransition(setOverride(breakers, orgId, override), orgId, { from, at: now, reason })
}

const shownOrgs = 5

export const logTransition = (
  breakers: Breakers,
  orgId: OrgId | null,
  { at, from, reason }: { readonly from: BreakerState; readonly at: number; readonly reason: string },
): Breakers => {
  const { command, faults, timeouts } = breakers
  const { breaker, override } = scopeOf(breakers, orgId)
  const org = orgId === null ? undefined : orgOf(breakers, orgId)
  const orgs = FaultCounter.worstOrgs(faults, shownOrgs)
  const transition: ScopedTransition = {
    orgId,
    from,
    to: shownState(breaker, override),
    at,
    reason,
    ...(command?.by === undefined ? {} : { by: command.by }),
    evidence: { faults: (org?.faults ?? faults).value, timeouts: timeouts.value, orgs },
    breaker,
    forced: override ?? null,
  }
  return propose(log(breakers, transition), orgId, transition)
}

export const log = (breakers: Breakers, transition: ScopedTransition): Breakers => ({
  ...breakers,
  transitions: [...breakers.transitions, transition].slice(-maxTransitions),
})

/** Removes a transition that the fleet has rejected. */
export const removeFromLog = (breakers: Breakers, transition: ScopedTransition | undefined): Breakers => ({
  ...breakers,
  transitions: breakers.transitions.filter((entry) => entry !== transition),
})

/** The scope's present state becomes a pending change. */
export const propose = (breakers: Breakers, orgId: OrgId | null, transition?: ScopedTransition): Breakers => {
  const { breaker, override } = scopeOf(breakers, orgId)
  const command = breakers.command && { ...breakers.command, orgId: orgId ?? undefined }
  const number = breakers.changes + 1
  const change = { number, orgId, breaker, override, transition, command, published: false }
  return { ...breakers, changes: number, pending: [...breakers.pending, change].slice(-maxTransitions) }
}
