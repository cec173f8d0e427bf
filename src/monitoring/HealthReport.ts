/**
 * What is shown of `Health` to the people on call: the answers of `GET /api/v1/runtime/metrics` and
 * `GET /api/v1/runtime/fallback/status`. Pure reading, apart from windows moving on to `now`. Times are epoch
 * milliseconds.
 */
import type { BreakerState } from "../domain/BreakerState.ts"
import type { OrgId } from "../domain/Ids.ts"
import * as IntrusiveList from "../platform/IntrusiveList.ts"
import * as Baseline from "./evidence/Baseline.ts"
import type * as Breaker from "./breaker/Breaker.ts"
import * as Breakers from "./breaker/Breakers.ts"
import * as OperatorOverride from "./breaker/OperatorOverride.ts"
import * as Health from "./Health.ts"
import * as TripRules from "./breaker/TripRules.ts"
import * as HalfOpenProbe from "./breaker/HalfOpenProbe.ts"
import * as Probing from "./probes/Probing.ts"
import * as ProviderBreakers from "./breaker/ProviderBreakers.ts"
import * as Refusals from "./evidence/Refusals.ts"
import * as Ramp from "./breaker/Ramp.ts"
import * as SlidingWindow from "./evidence/SlidingWindow.ts"
import type { ScopedTransition } from "./breaker/Transition.ts"

/** The names are the contract's. `fallbackReason` is "" while `fallbackEnabled` is false. */
export interface Metrics {
  readonly direct: SlidingWindow.Summary
  readonly runtime: SlidingWindow.Summary
  readonly fallbackEnabled: boolean
  readonly fallbackReason: string
  readonly windowMs: number
}

export interface BreakerStatus {
  readonly state: BreakerState
  /** Why the runtime is not used as usual; "" while closed. */
  readonly reason: string
  /** When it came into this state. */
  readonly since: number
  /** The next synthetic probe, or from when on a turn may be one: in the past if the next turn will be it. Null: none is due. */
  readonly nextProbeAt: number | null
  /** The share of sessions that may use the runtime. */
  readonly share: number
  readonly forced: OperatorOverride.OperatorOverride | null
  /** Faults less good attempts; the breaker opens at `limit`. */
  readonly evidence: { readonly faults: number; readonly limit: number }
}

/** `orgs` are those whose own state is not closed. `transitions` are the last 20, newest first. */
export interface Status extends BreakerStatus {
  readonly orgs: ReadonlyArray<BreakerStatus & { readonly orgId: OrgId }>
  /** Direct mode fails as well: the runtime stays in use, because there is nowhere to flee to. */
  readonly directFailing: boolean
  /** Without a direct provider turns go to the runtime whatever the state is. */
  readonly directConfigured: boolean
  /** After so long without progress an attempt moves to direct mode. */
  readonly firstProgressLimitMs: number
  readonly transitions: ReadonlyArray<ScopedTransition>
  /** The direct providers, in their order. */
  readonly providers: ReadonlyArray<ProviderBreakers.ProviderStatus>
  /** Agents that a target refuses again and again, newest first. */
  readonly refusals: ReadonlyArray<Refusals.Refusal>
}

const shownTransitions = 20

/** A histogram's quantile is 5 % off at best: its fractions would only pretend. */
const inWholeMillis = (summary: SlidingWindow.Summary): SlidingWindow.Summary => ({
  ...summary,
  avgLatencyMs: Math.round(summary.avgLatencyMs),
  p50LatencyMs: Math.round(summary.p50LatencyMs),
  p95LatencyMs: Math.round(summary.p95LatencyMs),
  p99LatencyMs: Math.round(summary.p99LatencyMs),
})

/** What keeps turns from the runtime, "" when nothing does. */
const awayBecause = (
  breaker: Breaker.Breaker,
  forced: OperatorOverride.OperatorOverride | undefined,
  now: number,
): string => {
  if (OperatorOverride.holds(forced, now)) {
    return forced.mode === "direct_llm" ? `ordered by ${forced.by}: ${forced.reason}` : ""
  }
  return breaker.state === "closed" ? "" : breaker.reason
}

const awayOf = (health: Health.Health, now: number, orgId?: OrgId): string => {
  const { breakers } = health
  const org = orgId === undefined ? undefined : breakers.orgs.byId.get(orgId)
  const forced = OperatorOverride.effective(breakers.forced, org?.forced, now)
  const breaker = org === undefined || org.breaker.state === "closed" ? breakers.global : org.breaker
  if (!OperatorOverride.holds(forced, now) && Health.hasNoDirect(health)) return ""
  return awayBecause(breaker, forced, now)
}

export const isFallbackEnabled = (health: Health.Health, now: number): boolean => awayOf(health, now) !== ""

/** Of all organisations, or of one. For one, the fallback is its own or else everybody's. */
export const metrics = (health: Health.Health, now: number, orgId?: OrgId): Metrics => {
  const org = orgId === undefined ? undefined : health.breakers.orgs.byId.get(orgId)
  const windows = orgId === undefined ? health.windows : org?.windows
  const windowMs = health.settings.windowMs
  const summaryOf = (window = SlidingWindow.make(windowMs, { quantiles: false })): SlidingWindow.Summary =>
    inWholeMillis(SlidingWindow.summary(window, now))
  const reason = awayOf(health, now, orgId)
  return {
    direct: summaryOf(windows?.direct_llm),
    runtime: summaryOf(windows?.runtime_orchestrator),
    fallbackEnabled: reason !== "",
    fallbackReason: reason,
    windowMs,
  }
}

const nextProbeAt = (
  { breakers, settings }: Health.Health,
  breaker: Breaker.Breaker,
  scope: "all" | "org",
  now: number,
): number | null => {
  if (breaker.state === "closed" || breaker.state === "ramp") return null
  if (scope === "org" || !settings.probes || breaker.state === "half_open")
    return HalfOpenProbe.nextAt(breaker, now)
  return Probing.nextWhileOpen(breakers.probing, breaker.goodSince !== undefined, now)
}

const shareOf = (
  health: Health.Health,
  breaker: Breaker.Breaker,
  forced: OperatorOverride.OperatorOverride | undefined,
): number => {
  if (forced !== undefined) return forced.mode === "direct_llm" ? 0 : 1
  if (Health.hasNoDirect(health)) return 1
  if (breaker.state === "ramp") return Ramp.shareOf(breaker)
  return breaker.state === "closed" ? 1 : 0
}

const breakerStatus = (
  health: Health.Health,
  scope: {
    readonly breaker: Breaker.Breaker
    readonly forced: OperatorOverride.OperatorOverride | undefined
    readonly faults: { readonly value: number; readonly limit: number }
  },
  kind: "all" | "org",
  now: number,
): BreakerStatus => {
  const { breaker, faults } = scope
  const forced = OperatorOverride.holds(scope.forced, now) ? scope.forced : undefined
  return {
    state: Breakers.shownState(breaker, forced),
    reason: forced?.reason ?? (breaker.state === "closed" ? "" : breaker.reason),
    since: forced?.since ?? breaker.since,
    nextProbeAt: nextProbeAt(health, breaker, kind, now),
    share: shareOf(health, breaker, forced),
    forced: forced ?? null,
    evidence: { faults: faults.value, limit: faults.limit },
  }
}

export const status = (health: Health.Health, now: number): Status => {
  Health.advance(health, now)
  const { breakers } = health
  const { faults, forced, global, orgs } = breakers
  return {
    ...breakerStatus(health, { breaker: global, forced, faults }, "all", now),
    orgs: [...IntrusiveList.each(orgs.byUse)]
      .filter((org) => org.breaker.state !== "closed" || OperatorOverride.holds(org.forced, now))
      .map((org) => ({ orgId: org.id, ...breakerStatus(health, org, "org", now) })),
    directFailing: TripRules.isDirectFailing(breakers, now),
    directConfigured: !Health.hasNoDirect(health),
    firstProgressLimitMs: Math.round(Baseline.limitMs(breakers.baseline)),
    transitions: breakers.transitions.slice(-shownTransitions).toReversed(),
    providers: ProviderBreakers.statusOf(health.providers, now),
    refusals: Refusals.shown(health.refusals),
  }
}
