/**
 * The breaker of all and the breaker of each organisation, with the evidence that they judge and the log of what they
 * did. Changed in place by its one owner, `Health`; time is passed in as epoch milliseconds.
 *
 * Every breaker moves through `moveGlobal` and `moveOrg`, which keep evidence, epochs and log in step. An entry of the
 * log holds what its breaker became, so the last entry of each scope is all that a restart needs.
 */
import type { BreakerState } from "../../domain/BreakerState.ts"
import type { OrgId } from "../../domain/Ids.ts"
import * as Baseline from "../evidence/Baseline.ts"
import * as Breaker from "./Breaker.ts"
import * as Evidence from "../evidence/Evidence.ts"
import * as FaultCounter from "../evidence/FaultCounter.ts"
import type { OperatorOverride } from "./OperatorOverride.ts"
import type { Ticket } from "./Ticket.ts"
import type { OperatorCommand } from "./OperatorCommand.ts"
import type { ScopedTransition } from "./Transition.ts"
import * as Orgs from "../evidence/Orgs.ts"
import * as Probing from "../probes/Probing.ts"
import * as Running from "../evidence/Running.ts"
import * as SlidingWindow from "../evidence/SlidingWindow.ts"

export interface Breakers {
  readonly orgs: Orgs.Orgs
  /** Of all organisations: see Evidence. */
  readonly evidence: SlidingWindow.SlidingWindow
  /** Of the runtime, in the epoch of the breaker of all. */
  readonly faults: FaultCounter.FaultCounter
  readonly timeouts: FaultCounter.FaultCounter
  readonly running: Running.Running<Ticket>
  readonly baseline: Baseline.Baseline
  readonly probing: Probing.Probing
  /** Of direct mode: over its limit there is nowhere to flee to. */
  readonly directFaults: FaultCounter.FaultCounter
  /** Oldest first. */
  readonly transitions: Array<ScopedTransition>
  /** What this process did and nobody else has agreed to yet; oldest first. */
  unsettled: Array<Unsettled>
  /** How many of those there ever were. */
  changes: number
  /** What is being carried out. */
  order: OperatorCommand | undefined
  global: Breaker.Breaker
  forced: OperatorOverride | undefined
  /** Organisations with an order of their own. */
  readonly ordered: Set<Orgs.Org>
  /** When anybody last asked for the runtime. */
  wantedAt: number
  /** Sum of all that the organisations' epochs ever rose: a breaker that starts here takes no forgotten one's tickets. */
  epochs: number
}

/** One breaker has changed, or has leased a turn. */
export interface Unsettled {
  readonly number: number
  /** Null: the breaker of all. */
  readonly orgId: OrgId | null
  readonly breaker: Breaker.Breaker
  readonly forced: OperatorOverride | null
  /** None of a lease that was taken or given back. */
  readonly transition: ScopedTransition | undefined
  /** What brought it about, if that was an operator: to be carried out again if this comes to nothing. */
  readonly order: OperatorCommand | undefined
  /** It is in the log already. */
  told: boolean
}

/** From fallback-policy.md; some 300 KB. */
const maxTransitions = 1000
/** Faults less good attempts, from fallback-policy.md: with half of all attempts failing it stands still. */
const faultLimit = 12
/** At +7 a timeout and -3 anything else it stands still at 30 % of timeouts, as the contract does. */
const timeoutLimit = 150
/** "No organisation weighs more than 25 % of the evidence." */
export const mostOfOneOrg = 0.25

export const make = (windowMs: number, now: number): Breakers => ({
  orgs: Orgs.make(windowMs),
  evidence: Evidence.make(windowMs),
  faults: FaultCounter.make(faultLimit, mostOfOneOrg),
  timeouts: FaultCounter.make(timeoutLimit, mostOfOneOrg),
  running: Running.make(),
  baseline: Baseline.make(now),
  probing: Probing.make(),
  directFaults: FaultCounter.make(faultLimit, 1),
  transitions: [],
  unsettled: [],
  changes: 0,
  order: undefined,
  global: Breaker.closed(0, now),
  forced: undefined,
  ordered: new Set(),
  wantedAt: Number.NEGATIVE_INFINITY,
  epochs: 0,
})

/** The organisation, which is now in use; made if need be. */
export const touch = (breakers: Breakers, orgId: OrgId, now: number): Orgs.Org =>
  Orgs.touch(breakers.orgs, orgId, now, {
    epoch: breakers.epochs,
    onDrop: (org) => {
      breakers.ordered.delete(org)
      Evidence.withdraw(breakers.evidence, org, now)
    },
  })

export const shownState = (breaker: Breaker.Breaker, forced: OperatorOverride | undefined): BreakerState => {
  if (forced === undefined) return breaker.state
  return forced.mode === "direct_llm" ? "forced_direct" : "forced_runtime"
}

/** In another epoch all evidence is void. */
export const moveGlobal = (breakers: Breakers, { breaker, transition }: Breaker.Moved): void => {
  const from = shownState(breakers.global, breakers.forced)
  const ended = breaker.epoch !== breakers.global.epoch
  const leased = isLeaseChange(breakers.global, breaker)
  breakers.global = breaker
  if (transition !== undefined) note(breakers, undefined, { ...transition, from })
  else if (leased) unsettle(breakers, undefined)
  if (ended) voidEvidence(breakers)
}

/** Takes all that one organisation has brought out of the evidence of all. */
export const withdraw = (breakers: Breakers, org: Orgs.Org, now: number): void => {
  Evidence.withdraw(breakers.evidence, org, now)
  FaultCounter.withdraw(breakers.faults, org.id)
  FaultCounter.withdraw(breakers.timeouts, org.id)
  Running.withdraw(breakers.running, org.id)
}

export const moveOrg = (
  breakers: Breakers,
  org: Orgs.Org,
  { breaker, transition }: Breaker.Moved,
  now: number,
): void => {
  const from = shownState(org.breaker, org.forced)
  const leased = isLeaseChange(org.breaker, breaker)
  if (org.breaker.state === "closed" && breaker.state !== "closed") withdraw(breakers, org, now)
  if (breaker.epoch !== org.breaker.epoch) FaultCounter.clear(org.faults)
  breakers.epochs += breaker.epoch - org.breaker.epoch
  org.breaker = breaker
  if (transition !== undefined) note(breakers, org, { ...transition, from })
  else if (leased) unsettle(breakers, org)
}

const isLeaseChange = (from: Breaker.Breaker, to: Breaker.Breaker): boolean =>
  from !== to && to.state === "half_open"

/** What another replica has made of a breaker, without a word in the log. */
export const adopt = (
  breakers: Breakers,
  org: Orgs.Org | undefined,
  { breaker, forced }: Pick<Unsettled, "breaker" | "forced">,
  now: number,
): void => {
  const before = org?.breaker ?? breakers.global
  if (org === undefined) {
    breakers.global = breaker
    if (breaker.epoch !== before.epoch) voidEvidence(breakers)
  } else {
    if (before.state === "closed" && breaker.state !== "closed") withdraw(breakers, org, now)
    if (breaker.epoch !== before.epoch) FaultCounter.clear(org.faults)
    breakers.epochs = Math.max(breakers.epochs, breaker.epoch)
    org.breaker = breaker
  }
  keepOrder(breakers, org, forced ?? undefined)
}

/** Without a word in the log. */
export const keepOrder = (
  breakers: Breakers,
  org: Orgs.Org | undefined,
  forced: OperatorOverride | undefined,
): void => {
  if (org === undefined) {
    breakers.forced = forced
    return
  }
  org.forced = forced
  if (forced === undefined) breakers.ordered.delete(org)
  else breakers.ordered.add(org)
}

/** An order for one organisation or for all; undefined ends it. */
export const force = (
  breakers: Breakers,
  org: Orgs.Org | undefined,
  forced: OperatorOverride | undefined,
  now: number,
  reason: string,
): void => {
  const scope = org ?? { breaker: breakers.global, forced: breakers.forced }
  if (scope.forced === undefined && forced === undefined) return
  const from = shownState(scope.breaker, scope.forced)
  keepOrder(breakers, org, forced)
  note(breakers, org, { from, at: now, reason })
}

/** Closes the breakers of all organisations, or of some; the global one stays as it is. */
export const closeOrgs = (
  breakers: Breakers,
  now: number,
  reason: string,
  which: (org: Orgs.Org) => boolean = () => true,
): void => {
  for (const org of breakers.orgs.byId.values()) {
    if (!which(org)) continue
    moveOrg(breakers, org, Breaker.reset(org.breaker, now, reason), now)
  }
}

export const voidEvidence = (breakers: Breakers): void => {
  SlidingWindow.clear(breakers.evidence)
  FaultCounter.clear(breakers.faults)
  FaultCounter.clear(breakers.timeouts)
  Running.clear(breakers.running)
  for (const { evidence, faults } of breakers.orgs.byId.values()) {
    FaultCounter.clear(faults)
    if (evidence !== undefined) SlidingWindow.clear(evidence)
  }
  breakers.probing.failed = false
  breakers.probing.confirmed = 0
}

const shownOrgs = 5

const note = (
  breakers: Breakers,
  org: Orgs.Org | undefined,
  { at, from, reason }: { readonly from: BreakerState; readonly at: number; readonly reason: string },
): void => {
  const { faults, timeouts } = breakers
  const { breaker, forced } = org ?? { breaker: breakers.global, forced: breakers.forced }
  const orgs = [...faults.byOrg]
    .map(([orgId, added]) => ({ orgId, added }))
    .filter(({ added }) => added > 0)
    .toSorted((a, b) => b.added - a.added)
    .slice(0, shownOrgs)
  const transition: ScopedTransition = {
    orgId: org?.id ?? null,
    from,
    to: shownState(breaker, forced),
    at,
    reason,
    evidence: { faults: (org?.faults ?? faults).value, timeouts: timeouts.value, orgs },
    breaker,
    forced: forced ?? null,
  }
  log(breakers, transition)
  unsettle(breakers, org, transition)
}

export const log = ({ transitions }: Breakers, transition: ScopedTransition): void => {
  transitions.push(transition)
  if (transitions.length > maxTransitions) transitions.shift()
}

/** What this process logged has not come about. */
export const strike = (breakers: Breakers, transition: ScopedTransition | undefined): void => {
  const place = transition === undefined ? -1 : breakers.transitions.lastIndexOf(transition)
  if (place >= 0) breakers.transitions.splice(place, 1)
}

const unsettle = (breakers: Breakers, org: Orgs.Org | undefined, transition?: ScopedTransition): void => {
  const { breaker, forced = null } = org ?? { breaker: breakers.global, forced: breakers.forced }
  const { order: given, unsettled } = breakers
  const orgId = org?.id ?? null
  const order = given && { ...given, orgId: org?.id }
  breakers.changes += 1
  unsettled.push({ number: breakers.changes, orgId, breaker, forced, transition, order, told: false })
  if (unsettled.length > maxTransitions) unsettled.shift()
}

/** The state as it is waits to be agreed on once more. */
export const remind = (breakers: Breakers, org: Orgs.Org | undefined): void => unsettle(breakers, org)
