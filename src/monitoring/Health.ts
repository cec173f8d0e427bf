/**
 * What the Monitor's Ref holds, and the rules put together: who may use the runtime, what an attempt does to the
 * breakers while it goes on and when it ends. Synchronous and without Effect; time is passed in as epoch milliseconds;
 * changed in place by its one owner. The simulator drives this very code.
 *
 * Windows show what happened; breakers decide, from evidence (see Judge).
 */
import type { OrgId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"
import * as Baseline from "./evidence/Baseline.ts"
import * as Breaker from "./breaker/Breaker.ts"
import * as Breakers from "./breaker/Breakers.ts"
import * as FaultCounter from "./evidence/FaultCounter.ts"
import * as OperatorOverride from "./breaker/OperatorOverride.ts"
import * as TripRules from "./breaker/TripRules.ts"
import * as HalfOpenProbe from "./breaker/HalfOpenProbe.ts"
import type * as Orgs from "./evidence/Orgs.ts"
import * as ProviderBreakers from "./breaker/ProviderBreakers.ts"
import * as Refusals from "./evidence/Refusals.ts"
import * as Ramp from "./breaker/Ramp.ts"
import * as Running from "./evidence/Running.ts"
import * as SlidingWindow from "./evidence/SlidingWindow.ts"
import type { OperatorCommand } from "./breaker/OperatorCommand.ts"
import type { ScopedTransition } from "./breaker/Transition.ts"
import type { Ticket } from "./breaker/Ticket.ts"
import type * as Triggers from "./breaker/Triggers.ts"

export interface Settings extends Triggers.Thresholds {
  readonly windowMs: number
  /** True when synthetic probes run; without them real turns are leased as probes. */
  readonly probes: boolean
  /** The names of the direct providers, in their order. Empty: there is no direct mode. Absent: none is watched. */
  readonly providers?: ReadonlyArray<string>
}

export interface FinishedAttempt {
  readonly orgId: OrgId
  readonly mode: ExecutionMode
  readonly outcome: Outcome
  readonly latencyMs: number
  /** The user cancelled it; the outcome is neutral. */
  readonly cancelled?: boolean | undefined
  /** Of a runtime attempt; one without counts as begun under the epochs of its end. */
  readonly ticket?: Ticket | undefined
}

export interface Health {
  settings: Settings
  readonly windows: { readonly [mode in ExecutionMode]: SlidingWindow.SlidingWindow }
  readonly breakers: Breakers.Breakers
  readonly providers: ProviderBreakers.ProviderBreakers
  readonly refusals: Refusals.Refusals
}

export const make = (settings: Settings, now: number): Health => ({
  settings,
  windows: {
    direct_llm: SlidingWindow.make(settings.windowMs, { quantiles: true }),
    runtime_orchestrator: SlidingWindow.make(settings.windowMs, { quantiles: true }),
  },
  breakers: Breakers.make(settings.windowMs, now),
  providers: ProviderBreakers.make(settings.providers ?? [], now),
  refusals: Refusals.make(),
})

/** Without a direct mode turns go to the runtime whatever the breakers say. */
export const hasNoDirect = ({ settings }: Health): boolean => settings.providers?.length === 0

/** What time alone brings about: orders that run out, silence that lasts, a step of the ramp that was good. */
export const advance = ({ breakers }: Health, now: number): void => {
  const expired = "the order has run out"
  const isOver = (forced: OperatorOverride.OperatorOverride | undefined) =>
    forced !== undefined && !OperatorOverride.holds(forced, now)
  if (isOver(breakers.forced)) Breakers.force(breakers, undefined, undefined, now, expired)
  for (const org of breakers.ordered) {
    if (isOver(org.forced)) Breakers.force(breakers, org, undefined, now, expired)
  }
  TripRules.silence(breakers, now)
  if (breakers.global.state === "ramp") {
    Breakers.moveGlobal(breakers, Ramp.advance(breakers.global, now))
  }
}

const isFault = (outcome: Outcome): boolean => outcome !== "success" && outcome !== "neutral"

/** Whether the attempt began in what is still the present epoch of both breakers, and both let turns in. */
const isCurrent = ({ global }: Breakers.Breakers, org: Orgs.Org, ticket: Ticket | undefined): boolean =>
  (global.state === "closed" || global.state === "ramp") &&
  org.breaker.state === "closed" &&
  (ticket === undefined || (ticket.globalEpoch === global.epoch && ticket.orgEpoch === org.breaker.epoch))

/** A runtime attempt begins. A ticket's next attempt takes the place of its last one. */
export const started = ({ breakers }: Health, orgId: OrgId, ticket: Ticket, now: number): void => {
  const orgEpoch = breakers.orgs.byId.get(orgId)?.breaker.epoch
  const current = ticket.globalEpoch === breakers.global.epoch && ticket.orgEpoch === orgEpoch
  if (ticket.probe === undefined && current) {
    Running.start(breakers.running, ticket, orgId, now)
  }
}

/** An attempt began at another replica; gives the ticket that it has here. The others' organisations are in use here too. */
export const startedElsewhere = (health: Health, orgId: OrgId, globalEpoch: number, at: number): Ticket => {
  const { breakers } = health
  const org = Breakers.touch(breakers, orgId, at)
  org.wantedRuntimeAt = Math.max(org.wantedRuntimeAt, at)
  breakers.wantedAt = Math.max(breakers.wantedAt, at)
  const ticket = { globalEpoch, orgEpoch: org.breaker.epoch }
  started(health, orgId, ticket, at)
  return ticket
}

/** The attempt that is under way with this ticket shows its first progress. */
export const progressed = ({ breakers }: Health, ticket: Ticket, now: number): void => {
  const attempt = Running.progress(breakers.running, ticket)
  const org = attempt && breakers.orgs.byId.get(attempt.orgId)
  if (attempt === undefined || org === undefined || !isCurrent(breakers, org, ticket)) return
  breakers.probing.verdictAt = now
  if (breakers.global.state === "ramp") {
    Breakers.moveGlobal(breakers, Ramp.observed(breakers.global, "good", now))
  } else {
    if (!TripRules.isSuspicious(breakers, now))
      Baseline.record(breakers.baseline, now - attempt.startedAt, now)
    TripRules.progress(breakers, org, attempt.startedAt)
  }
}

/** What has shown nothing for so long when the breaker opens will not be waited for. */
const abandonedMs = 3000
const rampLimitMs = 5000

/** How long the attempt of this ticket may go without progress, from its start: it may shrink while it waits. */
export const firstProgressLimitMs = ({ breakers }: Health, ticket: Ticket): number => {
  const { global } = breakers
  if (global.state !== "closed" && ticket.globalEpoch !== global.epoch) return abandonedMs
  return global.state === "ramp" ? rampLimitMs : Baseline.limitMs(breakers.baseline)
}

/** Counts an attempt that ended at `at` in the windows, and holds it against nobody. */
export const show = (
  { breakers, settings, windows }: Health,
  { cancelled = false, latencyMs, mode, orgId, outcome }: FinishedAttempt,
  at: number,
  now: number,
): Orgs.Org => {
  const org = Breakers.touch(breakers, orgId, now)
  const own = (org.windows[mode] ??= SlidingWindow.make(settings.windowMs, { quantiles: true }))
  SlidingWindow.record(windows[mode], now, outcome, latencyMs, at, cancelled)
  SlidingWindow.record(own, now, outcome, latencyMs, at, cancelled)
  return org
}

/** Counts an attempt that has ended, once. */
export const record = (health: Health, attempt: FinishedAttempt, now: number): void => {
  advance(health, now)
  const { breakers } = health
  const { mode, outcome } = attempt
  const org = show(health, attempt, now, now)
  if (mode === "direct_llm") return TripRules.direct(breakers, org, outcome, now)
  org.wantedRuntimeAt = now
  judge(health, org, attempt, now)
}

/** What a runtime attempt's end says: of the lease it was, of the ramp, or of the runtime in use. */
const judge = (
  { breakers, settings }: Health,
  org: Orgs.Org,
  { latencyMs, outcome, ticket }: FinishedAttempt,
  now: number,
): void => {
  const running = ticket === undefined ? undefined : Running.end(breakers.running, ticket)
  if (ticket?.probe !== undefined) {
    const result = isFault(outcome) ? "fault" : outcome === "success" ? "success" : "neutral"
    return endLease(breakers, org, ticket, result, now, outcome)
  }
  if (outcome === "neutral" || !isCurrent(breakers, org, ticket)) return
  breakers.probing.verdictAt = now
  const begun = running ?? { startedAt: now - latencyMs, progressed: false }
  if (breakers.global.state === "closed") {
    return TripRules.ended(breakers, settings, org, { ...begun, outcome, latencyMs }, now)
  }
  // On the way back an attempt was good when it showed progress; its end says more only if it failed or showed none.
  if (breakers.global.state !== "ramp" || (!isFault(outcome) && begun.progressed)) return
  const bad = begun.progressed ? "bad_after_progress" : "bad"
  Breakers.moveGlobal(breakers, Ramp.observed(breakers.global, isFault(outcome) ? bad : "good", now))
}

const endLease = (
  breakers: Breakers.Breakers,
  org: Orgs.Org | undefined,
  ticket: Ticket,
  result: HalfOpenProbe.ProbeResult,
  now: number,
  how: string,
): void => {
  if (ticket.probe === "global") {
    Breakers.moveGlobal(breakers, HalfOpenProbe.ended(breakers.global, ticket.globalEpoch, result, now, how))
  } else if (ticket.probe === "org" && org !== undefined) {
    Breakers.moveOrg(breakers, org, HalfOpenProbe.ended(org.breaker, ticket.orgEpoch, result, now, how), now)
  }
}

/** Of an attempt of another replica: its end will not be known. */
export const forget = ({ breakers }: Health, ticket: Ticket): void => {
  Running.end(breakers.running, ticket)
}

/** Gives back the lease of a probe that was not run, and forgets an attempt whose end nobody recorded. */
export const release = ({ breakers }: Health, ticket: Ticket, orgId: OrgId, now: number): void => {
  Running.end(breakers.running, ticket)
  endLease(breakers, breakers.orgs.byId.get(orgId), ticket, "neutral", now, "not run")
}

/** Forgets what speaks against one organisation or against all, and how often the breaker had opened. */
export const acquit = ({ breakers, providers }: Health, orgId: OrgId | undefined, now: number): void => {
  const org = orgId === undefined ? undefined : breakers.orgs.byId.get(orgId)
  if (orgId === undefined) {
    if (breakers.global.state === "closed") breakers.global = { ...breakers.global, level: undefined }
    Breakers.voidEvidence(breakers)
    FaultCounter.clear(breakers.directFaults)
    ProviderBreakers.reset(providers, now)
  } else if (org !== undefined) {
    if (org.breaker.state === "closed") org.breaker = { ...org.breaker, level: undefined }
    Breakers.withdraw(breakers, org, now)
    FaultCounter.clear(org.faults)
  }
}

/** Carries out an operator's order, which what it brings about then bears. */
export const obey = (health: Health, order: OperatorCommand, now: number): void => {
  const { forced, orgId, reason } = { forced: undefined, ...order }
  health.breakers.order = order
  if (order._tag === "reset") close(health, now, reason, orgId)
  else {
    const org = orgId === undefined ? undefined : Breakers.touch(health.breakers, orgId, now)
    const since = forced === undefined ? undefined : { ...forced, since: now }
    Breakers.force(health.breakers, org, since, now, reason)
  }
  health.breakers.order = undefined
}

const close = (health: Health, now: number, reason: string, orgId: OrgId | undefined): void => {
  const { breakers } = health
  const org = orgId === undefined ? undefined : breakers.orgs.byId.get(orgId)
  if (orgId === undefined) {
    Breakers.closeOrgs(breakers, now, reason)
    Breakers.moveGlobal(breakers, Breaker.reset(breakers.global, now, reason))
  } else if (org !== undefined) {
    Breakers.moveOrg(breakers, org, Breaker.reset(org.breaker, now, reason), now)
  }
  acquit(health, orgId, now)
}

/** Closes the breaker of one organisation, without `orgId` that of all and every organisation's, and forgets the evidence. */
export const reset = (health: Health, now: number, reason: string, orgId?: OrgId): void =>
  obey(health, { _tag: "reset", orgId, reason }, now)

/** An operator's order from now on; undefined ends it. */
export const force = (
  health: Health,
  now: number,
  forced: Omit<OperatorOverride.OperatorOverride, "since"> | undefined,
  reason: string,
  orgId?: OrgId,
): void => obey(health, { _tag: "force", forced, orgId, reason }, now)

/** Goes on where another process ended. An order that has run out meanwhile ends at the next `advance`, which logs it. */
export const restore = ({ breakers }: Health, last: ReadonlyArray<ScopedTransition>, now: number): void => {
  for (const { breaker: kept, forced, orgId } of last) {
    // The turn that held the lease is gone with its process.
    const breaker = kept.state === "half_open" ? { ...kept, leaseUntil: undefined } : kept
    if (orgId !== null && forced === null && Breaker.isPristine(breaker, now)) continue
    const org = orgId === null ? undefined : Breakers.touch(breakers, orgId, now)
    Breakers.keepOrder(breakers, org, forced ?? undefined)
    if (org === undefined) {
      breakers.global = breaker
    } else {
      org.breaker = breaker
      breakers.epochs = Math.max(breakers.epochs, breaker.epoch)
    }
  }
}
