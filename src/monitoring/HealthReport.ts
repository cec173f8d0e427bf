/**
 * `Health` as operators see it: the answers of `GET /api/v1/runtime/metrics` and `GET /api/v1/runtime/fallback/status`. Pure;
 * times are epoch milliseconds.
 */
import type { BreakerState } from "../domain/BreakerState.ts"
import type { OrgId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import * as OrderedMap from "../platform/OrderedMap.ts"
import * as Baseline from "./evidence/Baseline.ts"
import * as FaultCounter from "./evidence/FaultCounter.ts"
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

interface BreakerStatus {
  readonly state: BreakerState
  /** The reason for leaving the runtime; "" while closed. */
  readonly reason: string
  /** The start of this state. */
  readonly since: number
  /** The next synthetic probe, or the earliest turn that may be one (in the past if the next turn is it). Null: none is
   * due, or another replica probes. */
  readonly nextProbeAt: number | null
  /** The share of sessions that may use the runtime. */
  readonly share: number
  readonly forced: OperatorOverride.OperatorOverride | null
  /** Faults less good attempts; the breaker opens at `limit`. */
  readonly evidence: { readonly faults: number; readonly limit: number }
}

/** `orgs` are the organisations whose own state is not closed. `transitions` are the last 20, newest first. */
export interface Status extends BreakerStatus {
  readonly orgs: ReadonlyArray<BreakerStatus & { readonly orgId: OrgId }>
  /** Direct mode fails as well, so turns stay on the runtime. */
  readonly directFailing: boolean
  /** Without a direct provider turns go to the runtime in every state. */
  readonly directConfigured: boolean
  /** An attempt without progress moves to direct mode after this time. */
  readonly firstProgressLimitMs: number
  readonly transitions: ReadonlyArray<ScopedTransition>
  /** The direct providers, in their order. */
  readonly providers: ReadonlyArray<ProviderBreakers.ProviderStatus>
  /** Agents that a target refuses again and again, newest first. */
  readonly refusals: ReadonlyArray<Refusals.Refusal>
}

/** Both modes over a short time, for charts. */
export interface Recent {
  readonly modes: Readonly<Record<ExecutionMode, SlidingWindow.Summary>>
  /** The time that the figures cover. */
  readonly coveredMs: number
  readonly state: BreakerState
  readonly share: number
}

export interface ShownThresholds {
  /** Fewer attempts trip nothing. */
  readonly minSamples: number
  readonly errorRate: number
  readonly timeoutRate: number
  readonly meanLatencyMs: number
  /** An attempt without progress moves to direct mode after this time. */
  readonly firstProgressLimitMs: number
}

/** Points of the timeout counter; a timeout adds more than one. */
export interface ShownEvidence {
  readonly timeouts: number
  readonly timeoutLimit: number
  readonly orgs: ReadonlyArray<{ readonly orgId: OrgId; readonly added: number }>
}

const shownOrgs = 10
const shownTransitions = 20

/** A histogram's quantile is up to 5 % off, so fractions mean nothing. */
const inWholeMillis = (summary: SlidingWindow.Summary): SlidingWindow.Summary => ({
  ...summary,
  avgLatencyMs: Math.round(summary.avgLatencyMs),
  p50LatencyMs: Math.round(summary.p50LatencyMs),
  p95LatencyMs: Math.round(summary.p95LatencyMs),
  p99LatencyMs: Math.round(summary.p99LatencyMs),
})

/** The reason that turns do not use the runtime; "" if they do. */
const awayBecause = (
  breaker: Breaker.Breaker,
  override: OperatorOverride.OperatorOverride | undefined,
  now: number,
): string => {
  if (OperatorOverride.holds(override, now)) {
    return override.mode === "direct_llm" ? `override by ${override.by}: ${override.reason}` : ""
  }
  return breaker.state === "closed" ? "" : breaker.reason
}

const awayOf = (health: Health.Health, now: number, orgId?: OrgId): string => {
  const { breakers } = health
  const org = orgId === undefined ? undefined : Breakers.orgOf(breakers, orgId)
  const override = OperatorOverride.effective(breakers.override, org?.override, now)
  const breaker = org === undefined || org.breaker.state === "closed" ? breakers.global : org.breaker
  if (!OperatorOverride.holds(override, now) && Health.hasNoDirect(health)) return ""
  return awayBecause(breaker, override, now)
}

export const isFallbackEnabled = (health: Health.Health, now: number): boolean => awayOf(health, now) !== ""

/** For all organisations, or for one. For one, the fallback is its own or else the global one. */
export const metrics = (health: Health.Health, now: number, orgId?: OrgId): Metrics => {
  const org = orgId === undefined ? undefined : Breakers.orgOf(health.breakers, orgId)
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

/** The limits that trip the breakers over the window, and the longest time without progress. */
export const thresholds = ({ breakers, settings }: Health.Health): ShownThresholds => ({
  minSamples: settings.minSamples,
  errorRate: settings.errorRate,
  timeoutRate: settings.timeoutRate,
  meanLatencyMs: Math.round(settings.latencyRatio * settings.timeoutThresholdMs),
  firstProgressLimitMs: Math.round(Baseline.limitMs(breakers.baseline, breakers.policy)),
})

/** The counters against the runtime, and the organisations that added most. */
export const evidence = ({ breakers }: Health.Health): ShownEvidence => ({
  timeouts: breakers.timeouts.value,
  timeoutLimit: breakers.timeouts.limit,
  orgs: FaultCounter.worstOrgs(breakers.faults, shownOrgs),
})

const nextProbeAt = (
  { breakers, settings }: Health.Health,
  breaker: Breaker.Breaker,
  scope: "all" | "org",
  now: number,
): number | null => {
  if (breaker.state === "closed" || breaker.state === "ramp") return null
  if (scope === "org" || !settings.probes || breaker.state === "half_open")
    return HalfOpenProbe.nextAt(breaker, now)
  if (!breakers.probing.here) return null
  return Probing.nextWhileOpen(breakers.probing, breakers.policy, breaker.goodSince !== undefined, now)
}

const shareOf = (
  health: Health.Health,
  breaker: Breaker.Breaker,
  override: OperatorOverride.OperatorOverride | undefined,
): number => {
  if (override !== undefined) return override.mode === "direct_llm" ? 0 : 1
  if (Health.hasNoDirect(health)) return 1
  if (breaker.state === "ramp") return Ramp.shareOf(health.breakers.policy, breaker)
  return breaker.state === "closed" ? 1 : 0
}

/** The attempts of the last `spanMs` in each mode. */
export const recent = (health: Health.Health, now: number, spanMs: number): Recent => {
  const summaryOf = (window: SlidingWindow.SlidingWindow): SlidingWindow.Summary =>
    inWholeMillis(SlidingWindow.summary(SlidingWindow.newest(window, now, spanMs), now))
  const { global, override } = health.breakers
  const forced = OperatorOverride.holds(override, now) ? override : undefined
  const { direct_llm, runtime_orchestrator } = health.windows
  return {
    modes: { direct_llm: summaryOf(direct_llm), runtime_orchestrator: summaryOf(runtime_orchestrator) },
    coveredMs: SlidingWindow.coveredMs(direct_llm, now, spanMs),
    state: Breakers.shownState(global, forced),
    share: shareOf(health, global, forced),
  }
}

const breakerStatus = (
  health: Health.Health,
  scope: {
    readonly breaker: Breaker.Breaker
    readonly override: OperatorOverride.OperatorOverride | undefined
    readonly faults: { readonly value: number; readonly limit: number }
  },
  kind: "all" | "org",
  now: number,
): BreakerStatus => {
  const { breaker, faults } = scope
  const override = OperatorOverride.holds(scope.override, now) ? scope.override : undefined
  return {
    state: Breakers.shownState(breaker, override),
    reason: override?.reason ?? (breaker.state === "closed" ? "" : breaker.reason),
    since: override?.since ?? breaker.since,
    nextProbeAt: nextProbeAt(health, breaker, kind, now),
    share: shareOf(health, breaker, override),
    forced: override ?? null,
    evidence: { faults: faults.value, limit: faults.limit },
  }
}

const statusNow = (health: Health.Health, now: number): Status => {
  const { breakers } = health
  const { baseline, faults, global, orgs, override, policy } = breakers
  return {
    ...breakerStatus(health, { breaker: global, override, faults }, "all", now),
    orgs: [...OrderedMap.values(orgs.byId)]
      .filter((org) => org.breaker.state !== "closed" || OperatorOverride.holds(org.override, now))
      .map((org) => ({ orgId: org.id, ...breakerStatus(health, org, "org", now) })),
    directFailing: TripRules.isDirectFailing(breakers, now),
    directConfigured: !Health.hasNoDirect(health),
    firstProgressLimitMs: Math.round(Baseline.limitMs(baseline, policy)),
    transitions: breakers.transitions.slice(-shownTransitions).toReversed(),
    providers: ProviderBreakers.statusOf(health.providers, now),
    refusals: Refusals.repeated(health.refusals),
  }
}

/** The status after the effects of time, which may be a transition. */
export const status = (before: Health.Health, now: number): readonly [Status, Health.Health] => {
  const health = Health.advance(before, now)
  return [statusNow(health, now), health]
}
