/**
 * The state of both modes, and the rules put together: the effect of an attempt on windows and breakers while it runs and when
 * it ends. Pure and immutable: each function returns the next state. The simulator drives the same functions.
 *
 * Windows show all attempts; breakers decide from evidence (see TripRules). Times are epoch milliseconds.
 */
import * as HashSet from "effect/HashSet"
import type { OrgId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"
import * as Breaker from "./breaker/Breaker.ts"
import * as Breakers from "./breaker/Breakers.ts"
import * as HalfOpenProbe from "./breaker/HalfOpenProbe.ts"
import * as Moves from "./breaker/Moves.ts"
import * as OperatorOverride from "./breaker/OperatorOverride.ts"
import * as ProviderBreakers from "./breaker/ProviderBreakers.ts"
import * as Ramp from "./breaker/Ramp.ts"
import type { Ticket } from "./breaker/Ticket.ts"
import type { ScopedTransition } from "./breaker/Transition.ts"
import type * as Triggers from "./breaker/Triggers.ts"
import * as TripRules from "./breaker/TripRules.ts"
import * as Baseline from "./evidence/Baseline.ts"
import type * as Orgs from "./evidence/Orgs.ts"
import * as Refusals from "./evidence/Refusals.ts"
import * as Running from "./evidence/Running.ts"
import * as SlidingWindow from "./evidence/SlidingWindow.ts"
import * as Policy from "./Policy.ts"

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
  /** For a runtime attempt; one without a ticket counts as begun under the epochs of its end. */
  readonly ticket?: Ticket | undefined
}

export interface Health {
  readonly settings: Settings
  readonly windows: { readonly [mode in ExecutionMode]: SlidingWindow.SlidingWindow }
  readonly breakers: Breakers.Breakers
  readonly providers: ProviderBreakers.ProviderBreakers
  readonly refusals: Refusals.Refusals
}

export const make = (
  settings: Settings,
  now: number,
  policy: Policy.Policy = Policy.defaultPolicy,
): Health => ({
  settings,
  windows: {
    direct_llm: SlidingWindow.make(settings.windowMs, { quantiles: true }),
    runtime_orchestrator: SlidingWindow.make(settings.windowMs, { quantiles: true }),
  },
  breakers: Breakers.make(settings.windowMs, policy, now),
  providers: ProviderBreakers.make(settings.providers ?? [], policy, now),
  refusals: Refusals.make(),
})

/** Without a direct mode turns go to the runtime in every state of the breakers. */
export const hasNoDirect = ({ settings }: Health): boolean => settings.providers?.length === 0

const endOverrides = (before: Breakers.Breakers, now: number): Breakers.Breakers => {
  const expired = "the override has expired"
  const end = (breakers: Breakers.Breakers, orgId: OrgId | null) =>
    Breakers.changeOverride(breakers, orgId, undefined, now, expired)
  const breakers = OperatorOverride.hasExpired(before.override, now) ? end(before, null) : before
  return HashSet.reduce(breakers.overridden, breakers, (rest, orgId) =>
    OperatorOverride.hasExpired(Breakers.orgOf(rest, orgId)?.override, now) ? end(rest, orgId) : rest,
  )
}

/** Applies the effects of time alone: expired overrides, silence, a good step of the ramp. */
export const advance = (health: Health, now: number): Health => {
  const breakers = TripRules.silence(endOverrides(health.breakers, now), now)
  const { global, policy } = breakers
  const advanced =
    global.state === "ramp" ? Moves.moveGlobal(breakers, Ramp.advance(policy, global, now)) : breakers
  return advanced === health.breakers ? health : { ...health, breakers: advanced }
}

const isFault = (outcome: Outcome): boolean => outcome !== "success" && outcome !== "neutral"

/** True if the attempt began in the present epoch of both breakers, and both let turns in. */
const isCurrent = ({ global }: Breakers.Breakers, org: Orgs.Org, ticket: Ticket | undefined): boolean =>
  (global.state === "closed" || global.state === "ramp") &&
  org.breaker.state === "closed" &&
  (ticket === undefined || (ticket.globalEpoch === global.epoch && ticket.orgEpoch === org.breaker.epoch))

/** A runtime attempt begins. A ticket's next attempt takes the place of its last one. */
export const started = (health: Health, orgId: OrgId, ticket: Ticket, now: number): Health => {
  const { breakers } = health
  const orgEpoch = Breakers.orgOf(breakers, orgId)?.breaker.epoch
  const isOld = ticket.globalEpoch !== breakers.global.epoch || ticket.orgEpoch !== orgEpoch
  if (ticket.probe !== undefined || isOld) return health
  const running = Running.start(breakers.running, ticket.id, orgId, now)
  return { ...health, breakers: { ...breakers, running } }
}

/** An attempt began at another replica; gives its ticket here. Organisations of other replicas are in use here too. */
export const startedElsewhere = (
  health: Health,
  orgId: OrgId,
  globalEpoch: number,
  at: number,
): readonly [Ticket, Health] => {
  const used = Breakers.use(health.breakers, orgId, at, (org) => ({
    ...org,
    wantedRuntimeAt: Math.max(org.wantedRuntimeAt, at),
  }))
  const id = used.tickets + 1
  const breakers = { ...used, wantedAt: Math.max(used.wantedAt, at), tickets: id }
  const ticket = { id, globalEpoch, orgEpoch: Breakers.orgOf(used, orgId)?.breaker.epoch ?? 0 }
  return [ticket, started({ ...health, breakers }, orgId, ticket, at)]
}

/** The running attempt of this ticket shows its first progress. */
export const progressed = (health: Health, ticket: Ticket, now: number): Health => {
  const attempt = Running.find(health.breakers.running, ticket.id)
  if (attempt === undefined || attempt.progressed) return health
  const breakers = { ...health.breakers, running: Running.progress(health.breakers.running, ticket.id) }
  const org = Breakers.orgOf(breakers, attempt.orgId)
  if (org === undefined || !isCurrent(breakers, org, ticket)) return { ...health, breakers }
  const learned = { ...breakers, probing: { ...breakers.probing, verdictAt: now } }
  return { ...health, breakers: learnProgress(learned, org, attempt.startedAt, now) }
}

const learnProgress = (
  breakers: Breakers.Breakers,
  org: Orgs.Org,
  startedAt: number,
  now: number,
): Breakers.Breakers => {
  const { baseline, global, policy } = breakers
  if (global.state === "ramp") {
    return Moves.moveGlobal(breakers, Ramp.observed(policy, global, "good", now))
  }
  const isHealthy = !TripRules.isSuspicious(breakers, now)
  const recorded = isHealthy ? Baseline.record(baseline, policy, now - startedAt, now) : baseline
  return TripRules.progress({ ...breakers, baseline: recorded }, org, startedAt)
}

/** The longest time without progress, from the attempt's start. It may shrink while the attempt waits. */
export const firstProgressLimitMs = ({ breakers }: Health, { globalEpoch }: Ticket): number => {
  const { baseline, global, policy } = breakers
  const usual = Baseline.limitMs(baseline, policy)
  if (global.state !== "closed" && globalEpoch !== global.epoch) return Math.min(policy.abandonedMs, usual)
  return global.state === "ramp" ? policy.rampLimitMs : usual
}

/** Counts an attempt that ended at `at` in the windows alone; no breaker moves. `change` applies to its organisation. */
export const show = (
  health: Health,
  { cancelled = false, latencyMs, mode, orgId, outcome }: FinishedAttempt,
  at: number,
  now: number,
  change: (org: Orgs.Org) => Orgs.Org = (org) => org,
): Health => {
  const { settings, windows } = health
  const recorded = (window: SlidingWindow.SlidingWindow | undefined) =>
    SlidingWindow.record(
      window ?? SlidingWindow.make(settings.windowMs, { quantiles: true }),
      now,
      outcome,
      latencyMs,
      at,
      cancelled,
    )
  const breakers = Breakers.use(health.breakers, orgId, now, (org) =>
    change({ ...org, windows: { ...org.windows, [mode]: recorded(org.windows[mode]) } }),
  )
  return { ...health, breakers, windows: { ...windows, [mode]: recorded(windows[mode]) } }
}

/** Counts an attempt that has ended, once. */
export const record = (before: Health, attempt: FinishedAttempt, now: number): Health => {
  const advanced = advance(before, now)
  const { mode, orgId, outcome } = attempt
  if (mode === "direct_llm") {
    const shown = show(advanced, attempt, now, now)
    return { ...shown, breakers: TripRules.direct(shown.breakers, orgId, outcome, now) }
  }
  const health = show(advanced, attempt, now, now, (org) => ({ ...org, wantedRuntimeAt: now }))
  return { ...health, breakers: judge(health, attempt, now) }
}

/** Applies a runtime attempt's end to its lease, to the ramp, or to the evidence. */
const judge = (
  { breakers: before, settings }: Health,
  { latencyMs, orgId, outcome, ticket }: FinishedAttempt,
  now: number,
): Breakers.Breakers => {
  const running = ticket && Running.find(before.running, ticket.id)
  const ended = ticket ? { ...before, running: Running.end(before.running, ticket.id) } : before
  if (ticket?.probe !== undefined) {
    const result = isFault(outcome) ? "fault" : outcome === "success" ? "success" : "neutral"
    return endLease(ended, orgId, ticket, result, now, outcome)
  }
  const org = Breakers.orgOf(ended, orgId)
  if (outcome === "neutral" || org === undefined || !isCurrent(ended, org, ticket)) return ended
  const breakers = { ...ended, probing: { ...ended.probing, verdictAt: now } }
  const { startedAt, progressed } = running ?? { startedAt: now - latencyMs, progressed: false }
  const { global, policy } = breakers
  if (global.state === "closed") {
    return TripRules.ended(breakers, settings, org, { startedAt, progressed, outcome, latencyMs }, now)
  }
  // In the ramp an attempt is good when it shows progress; its end matters only if it failed or showed none.
  if (global.state !== "ramp" || (!isFault(outcome) && progressed)) return breakers
  const bad = progressed ? "bad_after_progress" : "bad"
  return Moves.moveGlobal(breakers, Ramp.observed(policy, global, isFault(outcome) ? bad : "good", now))
}

const endLease = (
  breakers: Breakers.Breakers,
  orgId: OrgId,
  { globalEpoch, orgEpoch, probe }: Ticket,
  result: HalfOpenProbe.ProbeResult,
  now: number,
  how: string,
): Breakers.Breakers => {
  const { global, policy } = breakers
  if (probe === "global") {
    return Moves.moveGlobal(breakers, HalfOpenProbe.ended(policy, global, globalEpoch, result, now, how))
  }
  const own = Breakers.orgOf(breakers, orgId)?.breaker
  if (probe === undefined || own === undefined) return breakers
  return Moves.moveOrg(breakers, orgId, HalfOpenProbe.ended(policy, own, orgEpoch, result, now, how), now)
}

/** Removes a running attempt whose end will stay unknown. */
export const forget = (health: Health, { id }: Ticket): Health => {
  const { breakers } = health
  return { ...health, breakers: { ...breakers, running: Running.end(breakers.running, id) } }
}

/** Gives back the lease of a probe that was not run, and removes an attempt whose end was not recorded. */
export const release = (before: Health, ticket: Ticket, orgId: OrgId, now: number): Health => {
  const health = forget(before, ticket)
  return { ...health, breakers: endLease(health.breakers, orgId, ticket, "neutral", now, "not run") }
}

/** Continues from another process. An override that has expired meanwhile ends at the next `advance`, which logs it. */
export const restore = (health: Health, last: ReadonlyArray<ScopedTransition>, now: number): Health => {
  const { relapseMs } = health.breakers.policy
  const breakers = last.reduce((before, { breaker: stored, forced, orgId }) => {
    // The turn that held the lease ended with its process.
    const breaker = stored.state === "half_open" ? { ...stored, leaseUntil: undefined } : stored
    if (orgId === null) {
      return Breakers.setOverride({ ...before, global: breaker }, null, forced ?? undefined)
    }
    if (forced === null && Breaker.isPristine(breaker, relapseMs, now)) return before
    const used = Breakers.use(before, orgId, now, (org) => ({ ...org, breaker }))
    const epochs = Math.max(used.epochs, breaker.epoch)
    return Breakers.setOverride({ ...used, epochs }, orgId, forced ?? undefined)
  }, health.breakers)
  return { ...health, breakers }
}
