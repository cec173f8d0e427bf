/**
 * The rules that trip a breaker: the counters of faults and of timeouts, the silence of running attempts, the
 * contract over the window. Pure; times are epoch milliseconds.
 *
 * Isolation decides for the contract whether one organisation or the runtime is at fault. The counters bound the part of one
 * organisation, and each organisation has a counter of its own.
 */
import type { OrgId } from "../../domain/Ids.ts"
import type { Outcome } from "../../domain/Outcome.ts"
import * as OrderedMap from "../../platform/OrderedMap.ts"
import * as Baseline from "../evidence/Baseline.ts"
import * as Evidence from "../evidence/Evidence.ts"
import * as FaultCounter from "../evidence/FaultCounter.ts"
import * as Orgs from "../evidence/Orgs.ts"
import * as Running from "../evidence/Running.ts"
import * as SlidingWindow from "../evidence/SlidingWindow.ts"
import type { Policy } from "../Policy.ts"
import * as Breaker from "./Breaker.ts"
import * as Breakers from "./Breakers.ts"
import * as Isolation from "./Isolation.ts"
import * as Moves from "./Moves.ts"
import * as Triggers from "./Triggers.ts"

/** The reason for which breakers of organisations close when the global one opens. */
export const allLeave = "it is not the organisation: all leave the runtime"

/**
 * Opens the global breaker. It closes the breakers of organisations that opened recently, because the cause is the same, and
 * they return with all others. A breaker whose own probe has failed since stays open.
 */
const openGlobal = (breakers: Breakers.Breakers, now: number, reason: string): Breakers.Breakers => {
  const opened = Breaker.trip(breakers.policy, breakers.global, now, reason)
  if (opened.transition === undefined) return breakers
  const justLeft = ({ breaker }: Orgs.Org) =>
    breaker.state === "open" && breaker.level === 0 && now < breaker.until
  return Moves.moveGlobal(Moves.closeOrgs(breakers, now, allLeave, justLeft), opened)
}

const silenceOf = ({ baseline, policy, running }: Breakers.Breakers, now: number) =>
  Running.silence(running, policy, Baseline.p99MsOf(baseline, policy), now)

/**
 * Opens the global breaker when no running attempt shows progress, or the breaker of the organisation that has nearly all of
 * them. Only attempts that have waited for a while count: many that began at once are no silence.
 */
export const silence = (breakers: Breakers.Breakers, now: number): Breakers.Breakers => {
  const { policy, running } = breakers
  const quiet = silenceOf(breakers, now)
  if (quiet === undefined || quiet.quietMs < quiet.limitMs) return breakers
  let waiting = 0
  let worst: readonly [OrgId | undefined, number] = [undefined, 0]
  for (const entry of Running.overdue(running, quiet.limitMs / 2, now)) {
    waiting += entry[1]
    if (entry[1] > worst[1]) worst = entry
  }
  if (waiting < policy.enoughWaiting) return breakers
  const reason = `${waiting} attempts waiting, no progress for ${quiet.quietMs} ms`
  const org = worst[0] && Breakers.orgOf(breakers, worst[0])
  if (waiting - worst[1] >= policy.fewOthers || org === undefined) return openGlobal(breakers, now, reason)
  return worst[1] >= policy.enoughWaiting ? leaveAlone(breakers, org, now, reason) : breakers
}

/** Too little evidence for a trip, enough for probes. */
export const isSuspicious = (breakers: Breakers.Breakers, now: number): boolean => {
  const quiet = silenceOf(breakers, now)
  return (
    breakers.faults.value >= breakers.policy.suspicionAt ||
    (quiet !== undefined && quiet.quietMs >= quiet.limitMs / 2)
  )
}

/** A user's attempt has shown its first progress. */
export const progress = (
  breakers: Breakers.Breakers,
  org: Orgs.Org,
  startedAt: number,
): Breakers.Breakers => {
  const { progressWeight } = breakers.policy
  const faults = FaultCounter.good(breakers.faults, org.id, progressWeight, startedAt)
  const own = FaultCounter.good(org.faults, undefined, progressWeight, startedAt)
  return own === org.faults
    ? { ...breakers, faults }
    : { ...Breakers.setOrg(breakers, { ...org, faults: own }), faults }
}

interface Ended {
  readonly startedAt: number
  readonly progressed: boolean
  readonly outcome: Outcome
  readonly latencyMs: number
}

/** A user's attempt has ended, not neutrally. */
export const ended = (
  before: Breakers.Breakers,
  thresholds: Triggers.Thresholds,
  org: Orgs.Org,
  attempt: Ended,
  now: number,
): Breakers.Breakers => {
  const { latencyMs, outcome } = attempt
  const evidence = org.evidence ?? Evidence.make(before.evidence.windowMs)
  const judged = {
    ...org,
    faults: countFault(before.policy, org.faults, undefined, attempt, now),
    evidence: SlidingWindow.record(evidence, now, outcome, latencyMs),
  }
  const breakers = {
    ...Breakers.setOrg(before, judged),
    faults: countFault(before.policy, before.faults, org.id, attempt, now),
    timeouts: countTimeout(before, org.id, attempt, now),
    evidence: SlidingWindow.record(before.evidence, now, outcome, latencyMs),
  }
  const common = commonFault(breakers, thresholds, now)
  if (common !== undefined) return openGlobal(breakers, now, common)
  const own = ownFault(breakers, thresholds, judged, now)
  return own === undefined ? breakers : leaveAlone(breakers, judged, now, own)
}

/** One organisation trips: it leaves alone, or with all if too many have left for the cause to be theirs. */
const leaveAlone = (
  breakers: Breakers.Breakers,
  org: Orgs.Org,
  now: number,
  own: string,
): Breakers.Breakers => {
  const { inWindow, left } = Orgs.census(breakers.orgs, now)
  if (!Isolation.isShared(breakers.policy, left + 1, inWindow)) {
    return Moves.moveOrg(breakers, org.id, Breaker.trip(breakers.policy, org.breaker, now, own), now)
  }
  const closed = Moves.closeOrgs(breakers, now, allLeave)
  return openGlobal(
    closed,
    now,
    left === 0 ? own : `${left + 1} of ${inWindow} organisations, the last: ${own}`,
  )
}

const countFault = (
  policy: Policy,
  counter: FaultCounter.FaultCounter,
  orgId: OrgId | undefined,
  { outcome, progressed, startedAt }: Ended,
  now: number,
): FaultCounter.FaultCounter => {
  const { completionWeight, progressWeight } = policy
  if (outcome !== "success") {
    return FaultCounter.fault(counter, policy, orgId, progressed ? 1 + progressWeight : 1, now)
  }
  const weight = progressed ? completionWeight : completionWeight + progressWeight
  return FaultCounter.good(counter, orgId, weight, startedAt)
}

const countTimeout = (
  { policy, timeouts }: Breakers.Breakers,
  orgId: OrgId,
  { outcome, startedAt }: Ended,
  now: number,
): FaultCounter.FaultCounter =>
  outcome.startsWith("timeout")
    ? FaultCounter.fault(timeouts, policy, orgId, policy.timeoutWeight, now)
    : FaultCounter.good(timeouts, orgId, policy.noTimeoutWeight, startedAt)

const reasonOf = (
  name: string,
  { limit, since = 0, value }: FaultCounter.FaultCounter,
  now: number,
): string => `${name} ${value} >= ${limit} in ${now - since} ms`

/** The reason for all to leave, if there is one. */
const commonFault = (
  breakers: Breakers.Breakers,
  thresholds: Triggers.Thresholds,
  now: number,
): string | undefined => {
  const { evidence, faults, orgs, policy, running, timeouts } = breakers
  if (FaultCounter.isOver(faults, policy, now)) return reasonOf("faults", faults, now)
  if (FaultCounter.isOver(timeouts, policy, now)) return reasonOf("timeouts", timeouts, now)
  const sum = { ...SlidingWindow.tally(evidence, now), running: OrderedMap.size(running.attempts) }
  const common = Isolation.commonFault(sum, () => Evidence.tallies(orgs, now), thresholds)
  return common && Triggers.reasonOf(common)
}

const ownFault = (
  { policy, running }: Breakers.Breakers,
  thresholds: Triggers.Thresholds,
  { evidence, faults, id }: Orgs.Org,
  now: number,
): string | undefined => {
  if (FaultCounter.isOver(faults, policy, now)) return reasonOf("faults", faults, now)
  if (evidence === undefined) return undefined
  const tally = { ...SlidingWindow.tally(evidence, now), running: Running.countOf(running, id) }
  const tripped = Triggers.evaluate(tally, thresholds)
  return tripped && Triggers.reasonOf(tripped)
}

/** A synthetic probe has ended while the global breaker was closed. */
export const probed = (
  before: Breakers.Breakers,
  good: boolean,
  startedAt: number,
  now: number,
): Breakers.Breakers => {
  const { policy } = before
  if (good) {
    return { ...before, faults: FaultCounter.good(before.faults, undefined, policy.probeWeight, startedAt) }
  }
  const faults = FaultCounter.fault(before.faults, policy, undefined, policy.probeWeight, now)
  const breakers = { ...before, faults }
  return FaultCounter.isOver(faults, policy, now)
    ? openGlobal(breakers, now, reasonOf("faults", faults, now))
    : breakers
}

/** With this many organisations or more, each adds at most `directShareOfOneOrg` to the faults of direct mode. */
const countedOrgs = 4

/**
 * Counts an attempt in direct mode: if it fails as well, turns stay on the runtime. One organisation cannot decide that for
 * the others; with few organisations each may add its equal part, as there is no counter of its own.
 */
export const direct = (
  breakers: Breakers.Breakers,
  orgId: OrgId,
  outcome: Outcome,
  now: number,
): Breakers.Breakers => {
  const { directFaults, orgs, policy } = breakers
  if (outcome === "neutral") return breakers
  if (outcome === "success") {
    return { ...breakers, directFaults: FaultCounter.good(directFaults, orgId, 1, now) }
  }
  const share = Math.max(policy.directShareOfOneOrg, 1 / Orgs.inUse(orgs, countedOrgs, now))
  const bounded = { ...directFaults, most: directFaults.limit * share }
  return { ...breakers, directFaults: FaultCounter.fault(bounded, policy, orgId, 1, now) }
}

export const isDirectFailing = ({ directFaults, policy }: Breakers.Breakers, now: number): boolean =>
  directFaults.value >= directFaults.limit && now - directFaults.newestAt <= policy.directNewsMs
