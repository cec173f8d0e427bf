/**
 * What the Monitor's Ref holds, and the rules put together: who may use the runtime, what a finished attempt does.
 * Windows show what happened; breakers decide, from evidence. Synchronous and without Effect; time is passed in as epoch
 * milliseconds; changed in place by its one owner.
 */
import type { OrgId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"
import * as Breaker from "./Breaker.ts"
import * as Breakers from "./Breakers.ts"
import * as Evidence from "./Evidence.ts"
import * as Isolation from "./Isolation.ts"
import * as Orgs from "./Orgs.ts"
import * as SlidingWindow from "./SlidingWindow.ts"
import * as Triggers from "./Triggers.ts"

export interface Settings extends Triggers.Thresholds {
  readonly windowMs: number
}

/** Under which epochs a turn was admitted, and whether it is the probe of one of the breakers. */
export interface Ticket {
  readonly globalEpoch: number
  readonly orgEpoch: number
  readonly probe?: "org" | "global"
}

/** `scope`: the breaker that says so; "none" when nothing keeps the turn from the runtime. */
export interface Admission {
  readonly allowed: "yes" | "no" | "probe"
  readonly scope: "none" | "org" | "global"
  readonly reason: string
  readonly ticket: Ticket
}

/** The ticket matters in runtime mode only; an attempt without one counts as begun under the epochs of its end. */
export interface FinishedAttempt {
  readonly orgId: OrgId
  readonly mode: ExecutionMode
  readonly outcome: Outcome
  readonly latencyMs: number
  readonly ticket?: Ticket | undefined
}

export interface Health {
  readonly settings: Settings
  readonly windows: { readonly [mode in ExecutionMode]: SlidingWindow.SlidingWindow }
  readonly breakers: Breakers.Breakers
}

export const make = (settings: Settings, now: number): Health => ({
  settings,
  windows: {
    direct_llm: SlidingWindow.make(settings.windowMs, { quantiles: true }),
    runtime_orchestrator: SlidingWindow.make(settings.windowMs, { quantiles: true }),
  },
  breakers: Breakers.make(settings.windowMs, now),
})

/** Takes the probe's lease when it is due: the caller must then end it with `record` or `release`. */
export const admit = ({ breakers, settings }: Health, orgId: OrgId, now: number): Admission => {
  const org = Breakers.touch(breakers, orgId, now)
  org.wantedRuntimeAt = now
  // An organisation that has left alone never probes for the others, nor do they for it.
  const own = Breaker.admit(org.breaker, now, settings.timeoutThresholdMs)
  if (own.admitted !== "yes") {
    Breakers.moveOrg(breakers, org, own, now)
    return admission(breakers, org, "org", own)
  }
  const all = Breaker.admit(breakers.global, now, settings.timeoutThresholdMs)
  Breakers.moveGlobal(breakers, all)
  return admission(breakers, org, "global", all)
}

export const record = (health: Health, attempt: FinishedAttempt, now: number): void => {
  const { breakers, settings, windows } = health
  const { latencyMs, mode, outcome, ticket } = attempt
  const org = Breakers.touch(breakers, attempt.orgId, now)
  const own = (org.windows[mode] ??= SlidingWindow.make(settings.windowMs, { quantiles: true }))
  SlidingWindow.record(windows[mode], now, outcome, latencyMs)
  SlidingWindow.record(own, now, outcome, latencyMs)
  if (mode === "direct_llm") return
  org.wantedRuntimeAt = now
  if (ticket?.probe !== undefined) {
    endProbe(breakers, org, ticket, resultOf(outcome), now, outcome)
  } else if (outcome !== "neutral" && isEvidence(breakers, org, ticket)) {
    const tally = Evidence.collect(breakers.evidence, org, breakers.global.epoch, attempt, now)
    judge(health, org, tally, now)
  }
}

/** Gives back the lease of a probe that was not run; nothing else happens, nor when the probe has ended already. */
export const release = ({ breakers }: Health, ticket: Ticket, orgId: OrgId, now: number): void =>
  endProbe(breakers, breakers.orgs.byId.get(orgId), ticket, "neutral", now, "not run")

/** Closes the breaker of one organisation; without `orgId` that of all and every organisation's. */
export const reset = ({ breakers }: Health, now: number, orgId?: OrgId): void => {
  const reason = "reset by an operator"
  if (orgId === undefined) {
    Breakers.closeOrgs(breakers, now, reason)
    Breakers.moveGlobal(breakers, Breaker.reset(breakers.global, now, reason))
  } else {
    const org = breakers.orgs.byId.get(orgId)
    if (org !== undefined) Breakers.moveOrg(breakers, org, Breaker.reset(org.breaker, now, reason), now)
  }
}

const admission = (
  { global }: Breakers.Breakers,
  org: Orgs.Org,
  scope: "org" | "global",
  { admitted, breaker }: Breaker.Admitted,
): Admission => {
  const epochs = { globalEpoch: global.epoch, orgEpoch: org.breaker.epoch }
  if (breaker.state === "closed") {
    return { allowed: "yes", scope: "none", reason: "the runtime is in use", ticket: epochs }
  }
  return admitted === "probe"
    ? {
        allowed: "probe",
        scope,
        reason: `a probe, after: ${breaker.reason}`,
        ticket: { ...epochs, probe: scope },
      }
    : { allowed: "no", scope, reason: breaker.reason, ticket: epochs }
}

const resultOf = (outcome: Outcome): Breaker.ProbeResult =>
  outcome === "success" || outcome === "neutral" ? outcome : "fault"

const endProbe = (
  breakers: Breakers.Breakers,
  org: Orgs.Org | undefined,
  ticket: Ticket,
  result: Breaker.ProbeResult,
  now: number,
  how: string,
): void => {
  if (ticket.probe === "global") {
    const { global } = breakers
    Breakers.moveGlobal(breakers, Breaker.probeEnded(global, ticket.globalEpoch, result, now, how))
  } else if (ticket.probe === "org" && org !== undefined) {
    const moved = Breaker.probeEnded(org.breaker, ticket.orgEpoch, result, now, how)
    Breakers.moveOrg(breakers, org, moved, now)
  }
}

/** Whether the attempt began and ended while both breakers were closed, with no opening in between. */
const isEvidence = ({ global }: Breakers.Breakers, org: Orgs.Org, ticket: Ticket | undefined): boolean =>
  global.state === "closed" &&
  org.breaker.state === "closed" &&
  (ticket === undefined || (ticket.globalEpoch === global.epoch && ticket.orgEpoch === org.breaker.epoch))

/** After new evidence of `org`, all of which is `own`: opens the global breaker, or the organisation's, or none. */
const judge = (
  { breakers, settings }: Health,
  org: Orgs.Org,
  own: SlidingWindow.Tally,
  now: number,
): void => {
  const { evidence, global, orgs } = breakers
  const openGlobal = (reason: string) => Breakers.moveGlobal(breakers, Breaker.trip(global, now, reason))
  const tallies = () => Evidence.tallies(orgs, global.epoch, now)
  const common = Isolation.commonFault(SlidingWindow.tally(evidence, now), tallies, settings)
  if (common !== undefined) return openGlobal(Triggers.reasonOf(common))
  const tripped = Triggers.evaluate(own, settings)
  if (tripped === undefined) return
  const reason = Triggers.reasonOf(tripped)
  const { inWindow, left } = Orgs.census(orgs, now)
  if (!Isolation.isNotTheOrgs(left + 1, inWindow)) {
    return Breakers.moveOrg(breakers, org, Breaker.trip(org.breaker, now, reason), now)
  }
  Breakers.closeOrgs(breakers, now, "it is not the organisation: all leave the runtime")
  openGlobal(left === 0 ? reason : `${left + 1} of ${inWindow} organisations, the last: ${reason}`)
}
