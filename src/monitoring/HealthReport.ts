/**
 * What is shown of `Health` to the people on call: the answers of `GET /api/v1/runtime/metrics` and
 * `GET /api/v1/runtime/fallback/status`. Pure reading, apart from windows moving on to `now`. Times are epoch
 * milliseconds.
 */
import type { OrgId } from "../domain/Ids.ts"
import * as Breaker from "./Breaker.ts"
import type * as Breakers from "./Breakers.ts"
import type * as Health from "./Health.ts"
import * as SlidingWindow from "./SlidingWindow.ts"

/** The names are the contract's. `fallbackReason` is "" while `fallbackEnabled` is false. */
export interface Metrics {
  readonly direct: SlidingWindow.Summary
  readonly runtime: SlidingWindow.Summary
  readonly fallbackEnabled: boolean
  readonly fallbackReason: string
  readonly windowMs: number
}

export interface BreakerStatus {
  readonly state: Breaker.State
  /** Why it opened; "" while closed. */
  readonly reason: string
  /** When it came into this state. */
  readonly since: number
  /** From then on a turn may be the probe: in the past if the next turn will be it. Null while closed. */
  readonly nextProbeAt: number | null
}

/** `orgs` are those whose own breaker is not closed. `transitions` are the last 20, newest first. */
export interface Status extends BreakerStatus {
  readonly orgs: ReadonlyArray<BreakerStatus & { readonly orgId: OrgId }>
  readonly transitions: ReadonlyArray<Breakers.ScopedTransition>
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

/** Of all organisations, or of one. For one, the fallback is its own or else everybody's. */
export const metrics = (health: Health.Health, now: number, orgId?: OrgId): Metrics => {
  const { global, orgs } = health.breakers
  const org = orgId === undefined ? undefined : orgs.byId.get(orgId)
  const windows = orgId === undefined ? health.windows : org?.windows
  const windowMs = health.settings.windowMs
  const summaryOf = (window = SlidingWindow.make(windowMs, { quantiles: false })): SlidingWindow.Summary =>
    inWholeMillis(SlidingWindow.summary(window, now))
  const breaker = org === undefined || org.breaker.state === "closed" ? global : org.breaker
  return {
    direct: summaryOf(windows?.direct_llm),
    runtime: summaryOf(windows?.runtime_orchestrator),
    fallbackEnabled: breaker.state !== "closed",
    fallbackReason: breaker.state === "closed" ? "" : breaker.reason,
    windowMs,
  }
}

const breakerStatus = (breaker: Breaker.Breaker, now: number): BreakerStatus =>
  breaker.state === "closed"
    ? { state: "closed", reason: "", since: breaker.since, nextProbeAt: null }
    : {
        state: breaker.state,
        reason: breaker.reason,
        since: breaker.since,
        nextProbeAt: Breaker.nextProbeAt(breaker, now),
      }

export const status = ({ breakers }: Health.Health, now: number): Status => ({
  ...breakerStatus(breakers.global, now),
  orgs: [...breakers.orgs.byId.values()]
    .filter((org) => org.breaker.state !== "closed")
    .map((org) => ({ orgId: org.id, ...breakerStatus(org.breaker, now) })),
  transitions: breakers.transitions.slice(-shownTransitions).toReversed(),
})
