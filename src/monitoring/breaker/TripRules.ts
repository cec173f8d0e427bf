/**
 * What is held against the runtime, and when it is enough: the counters of faults and of timeouts, the silence of what
 * is under way, the documented contract over the window. Pure; changes the breakers in place.
 *
 * Whose fault: see Isolation for the contract; the counters bound what one organisation adds, and each organisation
 * has one of its own.
 */
import type { OrgId } from "../../domain/Ids.ts"
import type { Outcome } from "../../domain/Outcome.ts"
import * as Baseline from "../evidence/Baseline.ts"
import * as Breaker from "./Breaker.ts"
import * as Breakers from "./Breakers.ts"
import * as Evidence from "../evidence/Evidence.ts"
import * as FaultCounter from "../evidence/FaultCounter.ts"
import * as Isolation from "./Isolation.ts"
import * as Orgs from "../evidence/Orgs.ts"
import * as Running from "../evidence/Running.ts"
import * as SlidingWindow from "../evidence/SlidingWindow.ts"
import * as Triggers from "./Triggers.ts"

/** A success lowers the sum by 1 in all; most of it as soon as the first progress shows. */
const progressWeight = 0.75
const completionWeight = 0.25
const timeoutWeight = 7
const noTimeoutWeight = 3
/** A probe is no user's bad luck with one message. */
const probeWeight = 2
const suspicionAt = 3

/**
 * An organisation that has left alone in the same trouble comes back with all others, not after a dwell of its own.
 * Once its first dwell is over a probe of its own has said that it is the organisation.
 */
const openGlobal = (breakers: Breakers.Breakers, now: number, reason: string): void => {
  const opened = Breaker.trip(breakers.global, now, reason)
  if (opened.transition === undefined) return
  const justLeft = ({ breaker }: Orgs.Org) =>
    breaker.state === "open" && breaker.level === 0 && now < breaker.until
  Breakers.closeOrgs(breakers, now, "it is not the organisation: all leave the runtime", justLeft)
  Breakers.moveGlobal(breakers, opened)
}

const quietOf = ({ baseline, running }: Breakers.Breakers, now: number) =>
  Running.silence(running, Baseline.p99MsOf(baseline), now)

/** That so many of others wait as well is no chance. */
const fewOthers = 3

/**
 * Nothing under way shows progress: opens the breaker of all, or that of the organisation whose attempts they nearly all
 * are. Only those count that have waited for a while themselves: many that began at once are no silence.
 */
export const silence = (breakers: Breakers.Breakers, now: number): void => {
  const quiet = quietOf(breakers, now)
  if (quiet === undefined || quiet.quietMs < quiet.limitMs) return
  let waiting = 0
  let worst: readonly [OrgId | undefined, number] = [undefined, 0]
  for (const entry of Running.overdue(breakers.running, quiet.limitMs / 2, now)) {
    waiting += entry[1]
    if (entry[1] > worst[1]) worst = entry
  }
  if (waiting < Running.enoughWaiting) return
  const reason = `${waiting} attempts waiting, no progress for ${quiet.quietMs} ms`
  const org = worst[0] && breakers.orgs.byId.get(worst[0])
  if (waiting - worst[1] >= fewOthers || org === undefined) openGlobal(breakers, now, reason)
  else if (worst[1] >= Running.enoughWaiting) leave(breakers, org, now, reason)
}

/** Not enough to leave, enough to look closer. */
export const isSuspicious = (breakers: Breakers.Breakers, now: number): boolean => {
  const quiet = quietOf(breakers, now)
  return breakers.faults.value >= suspicionAt || (quiet !== undefined && quiet.quietMs >= quiet.limitMs / 2)
}

/** A user's attempt has shown its first progress. */
export const progress = ({ faults }: Breakers.Breakers, org: Orgs.Org, startedAt: number): void => {
  FaultCounter.good(faults, org.id, progressWeight, startedAt)
  FaultCounter.good(org.faults, undefined, progressWeight, startedAt)
}

interface Ended {
  readonly startedAt: number
  readonly progressed: boolean
  readonly outcome: Outcome
  readonly latencyMs: number
}

/** A user's attempt has ended, not neutrally. */
export const ended = (
  breakers: Breakers.Breakers,
  settings: Triggers.Thresholds,
  org: Orgs.Org,
  attempt: Ended,
  now: number,
): void => {
  count(breakers, org, attempt, now)
  const tally = Evidence.collect(breakers.evidence, org, attempt, now)
  const common = commonFault(breakers, settings, now)
  if (common !== undefined) return openGlobal(breakers, now, common)
  const own = ownFault(breakers, settings, org, tally, now)
  if (own !== undefined) leave(breakers, org, now, own)
}

/** One organisation has enough against it: it leaves alone, or with all when it was not its fault. */
const leave = (breakers: Breakers.Breakers, org: Orgs.Org, now: number, own: string): void => {
  const { inWindow, left } = Orgs.census(breakers.orgs, now)
  if (!Isolation.isNotTheOrgs(left + 1, inWindow)) {
    return Breakers.moveOrg(breakers, org, Breaker.trip(org.breaker, now, own), now)
  }
  Breakers.closeOrgs(breakers, now, "it is not the organisation: all leave the runtime")
  openGlobal(breakers, now, left === 0 ? own : `${left + 1} of ${inWindow} organisations, the last: ${own}`)
}

const count = (
  { faults, timeouts }: Breakers.Breakers,
  org: Orgs.Org,
  { outcome, progressed, startedAt }: Ended,
  now: number,
): void => {
  if (outcome === "success") {
    const weight = progressed ? completionWeight : completionWeight + progressWeight
    FaultCounter.good(faults, org.id, weight, startedAt)
    FaultCounter.good(org.faults, undefined, weight, startedAt)
  } else {
    const weight = progressed ? 1 + progressWeight : 1
    FaultCounter.fault(faults, org.id, weight, now)
    FaultCounter.fault(org.faults, undefined, weight, now)
  }
  if (outcome.startsWith("timeout")) FaultCounter.fault(timeouts, org.id, timeoutWeight, now)
  else FaultCounter.good(timeouts, org.id, noTimeoutWeight, startedAt)
}

const counted = (what: string, { limit, since = 0, value }: FaultCounter.FaultCounter, now: number): string =>
  `${what} ${value} >= ${limit} in ${now - since} ms`

/** Of everybody: why to leave, if there is a reason. */
const commonFault = (
  breakers: Breakers.Breakers,
  settings: Triggers.Thresholds,
  now: number,
): string | undefined => {
  const { evidence, faults, orgs, running, timeouts } = breakers
  if (FaultCounter.isOver(faults, now)) return counted("faults", faults, now)
  if (FaultCounter.isOver(timeouts, now)) return counted("timeouts", timeouts, now)
  const sum = withRunning(SlidingWindow.tally(evidence, now), running.attempts.size)
  const tallies = () => Evidence.tallies(orgs, now)
  const common = Isolation.commonFault(sum, tallies, settings)
  return common === undefined ? undefined : Triggers.reasonOf(common)
}

const ownFault = (
  { running }: Breakers.Breakers,
  settings: Triggers.Thresholds,
  org: Orgs.Org,
  tally: SlidingWindow.Tally,
  now: number,
): string | undefined => {
  if (FaultCounter.isOver(org.faults, now)) return counted("faults", org.faults, now)
  const tripped = Triggers.evaluate(withRunning(tally, running.byOrg.get(org.id) ?? 0), settings)
  return tripped === undefined ? undefined : Triggers.reasonOf(tripped)
}

const withRunning = (tally: SlidingWindow.Tally, running: number): SlidingWindow.Tally => ({
  ...tally,
  running,
})

/** A synthetic probe has ended while the breaker of all was closed. */
export const probed = (breakers: Breakers.Breakers, good: boolean, startedAt: number, now: number): void => {
  if (good) return FaultCounter.good(breakers.faults, undefined, probeWeight, startedAt)
  FaultCounter.fault(breakers.faults, undefined, probeWeight, now)
  if (FaultCounter.isOver(breakers.faults, now)) {
    openGlobal(breakers, now, counted("faults", breakers.faults, now))
  }
}

/**
 * Direct mode, by the same means: when it fails as well there is nowhere to flee to. No organisation can say so for the
 * others; of few each has its part, as there is no counter of its own.
 */
export const direct = (breakers: Breakers.Breakers, org: Orgs.Org, outcome: Outcome, now: number): void => {
  const { directFaults, orgs } = breakers
  if (outcome === "neutral") return
  if (outcome === "success") return FaultCounter.good(directFaults, org.id, 1, now)
  directFaults.most = directFaults.limit * Math.max(Breakers.mostOfOneOrg, 1 / Orgs.inUse(orgs, now))
  FaultCounter.fault(directFaults, org.id, 1, now)
}

/** What it did longer ago says nothing of now: it may have been mended, and nobody has used it since. */
const directNewsMs = 60_000

export const isDirectFailing = ({ directFaults }: Breakers.Breakers, now: number): boolean =>
  directFaults.value >= directFaults.limit && now - directFaults.newestAt <= directNewsMs
