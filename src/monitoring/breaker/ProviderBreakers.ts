/**
 * The breaker of each direct provider: a provider that fails is skipped for a while, so that turns do not pay for it before
 * the next one answers. Pure; changed in place by its one owner, `Health`; times are epoch milliseconds.
 *
 * Evidence is a FaultCounter; the way back is a Lease: one real turn at a time, three good ones close. A provider that asks
 * for a pause (`Retry-After`) gets it, which is no evidence. A provider is skipped only while a provider that is in use comes
 * after it, so every turn has an attempt.
 */
import type { OrgId } from "../../domain/Ids.ts"
import type { Outcome } from "../../domain/Outcome.ts"
import * as Breaker from "./Breaker.ts"
import * as FaultCounter from "../evidence/FaultCounter.ts"
import * as HalfOpenProbe from "./HalfOpenProbe.ts"

export interface Provider {
  breaker: Breaker.Breaker
  readonly faults: FaultCounter.FaultCounter
  pausedUntil: number
  /** When each organisation last used it: the four most recent, in that order. */
  readonly recent: Map<OrgId, number>
}

export const states = ["closed", "open", "half_open"] as const

/** In the order in which they are configured. */
export type ProviderBreakers = ReadonlyMap<string, Provider>

/** Admits one attempt at a provider. Without an epoch its end is no evidence. */
export interface Pass {
  readonly provider: string
  readonly epoch: number | undefined
}

export interface Ended {
  readonly pass: Pass
  readonly orgId: OrgId
  readonly outcome: Outcome
  readonly startedAt: number
  /** The pause that the provider asked for. */
  readonly pauseMs?: number | undefined
}

/**
 * To skip a provider costs little, as another one answers: three faults in a row are enough, where the runtime needs twelve.
 * With 2 % errors three in a row happen once in 125 000 attempts.
 */
const faultLimit = 3
/** Organisations that use a provider share its evidence; more than four are as many as four. */
const mostOrgs = 4
const recentMs = 10_000
/** Some servers ask for hours. Longer than this a provider is not left unasked without evidence. */
const longestPauseMs = 60_000

const fresh = (now: number): Provider => ({
  breaker: Breaker.closed(0, now),
  faults: FaultCounter.make(faultLimit, 1),
  pausedUntil: now,
  recent: new Map(),
})

export const make = (names: ReadonlyArray<string>, now: number): ProviderBreakers =>
  new Map(names.map((name) => [name, fresh(now)]))

const isInUse = (provider: Provider | undefined, now: number): boolean =>
  provider?.breaker.state === "closed" && provider.pausedUntil <= now

/**
 * Admits a turn to `name`, when it can go on to `later`. Undefined: skip it. Takes the probe's lease when one is due:
 * the caller must then report the attempt's end.
 */
export const admit = (
  providers: ProviderBreakers,
  name: string,
  later: ReadonlyArray<string>,
  now: number,
  leaseMs: number,
): Pass | undefined => {
  const provider = providers.get(name)
  if (provider === undefined) return { provider: name, epoch: undefined }
  const isReplaced = later.some((other) => isInUse(providers.get(other), now))
  if (isReplaced && now < provider.pausedUntil) return undefined
  const { breaker } = provider
  if (breaker.state !== "open" && breaker.state !== "half_open") {
    return { provider: name, epoch: breaker.epoch }
  }
  const leased = HalfOpenProbe.admit(breaker, now, leaseMs)
  if (leased.admitted === "probe") {
    provider.breaker = leased.breaker
    return { provider: name, epoch: leased.breaker.epoch }
  }
  return isReplaced ? undefined : { provider: name, epoch: undefined }
}

/** Counts the end of an attempt; gives the transition that it caused, if any. */
export const ended = (
  providers: ProviderBreakers,
  { orgId, outcome, pass, pauseMs = 0, startedAt }: Ended,
  now: number,
): Breaker.Transition | undefined => {
  const provider = providers.get(pass.provider)
  if (provider === undefined) return undefined
  provider.pausedUntil = Math.max(provider.pausedUntil, now + Math.min(pauseMs, longestPauseMs))
  if (pass.epoch !== provider.breaker.epoch) return undefined
  const moved =
    provider.breaker.state === "closed"
      ? judged(provider, orgId, outcome, startedAt, now)
      : HalfOpenProbe.ended(provider.breaker, pass.epoch, resultOf(outcome), now, outcome)
  if (moved === undefined) return undefined
  provider.breaker = moved.breaker
  return moved.transition
}

const resultOf = (outcome: Outcome): HalfOpenProbe.ProbeResult =>
  outcome === "success" || outcome === "neutral" ? outcome : "fault"

const use = (recent: Map<OrgId, number>, orgId: OrgId, now: number): void => {
  recent.delete(orgId)
  recent.set(orgId, now)
  const [oldest] = recent.keys()
  if (recent.size > mostOrgs && oldest !== undefined) recent.delete(oldest)
}

const inUse = (recent: ReadonlyMap<OrgId, number>, now: number): number => {
  let found = 0
  for (const at of recent.values()) if (now - at <= recentMs) found += 1
  return found
}

const judged = (
  provider: Provider,
  orgId: OrgId,
  outcome: Outcome,
  startedAt: number,
  now: number,
): Breaker.Moved | undefined => {
  if (outcome === "neutral") return undefined
  const { faults, recent } = provider
  use(recent, orgId, now)
  if (outcome === "success") {
    FaultCounter.good(faults, orgId, 1, startedAt)
    return undefined
  }
  // Fair weight: an organisation whose own requests fail cannot take the provider from three others that use it.
  faults.most = faultLimit / inUse(recent, now)
  FaultCounter.fault(faults, orgId, 1, now)
  if (faults.value < faultLimit) return undefined
  const reason = `faults ${faults.value} >= ${faultLimit} in ${now - (faults.since ?? now)} ms`
  FaultCounter.clear(faults)
  return Breaker.trip(provider.breaker, now, reason)
}

/** Closes every breaker now, ends every pause, and forgets what speaks against the providers. */
export const reset = (providers: ProviderBreakers, now: number): void => {
  for (const provider of providers.values()) {
    provider.breaker = Breaker.reset(provider.breaker, now, "reset").breaker
    FaultCounter.clear(provider.faults)
    provider.pausedUntil = now
  }
}

export interface ProviderStatus {
  readonly name: string
  readonly state: (typeof states)[number]
  readonly since: number
  /** Why it is skipped; "" while it is in use. */
  readonly reason: string
  /** From when on a turn may try it again. Null while it is in use. */
  readonly nextProbeAt: number | null
  readonly evidence: { readonly faults: number; readonly limit: number }
}

/** A pause leaves the breaker closed: the provider works and asks for less. */
const useOf = (
  { breaker, pausedUntil }: Provider,
  now: number,
): Pick<ProviderStatus, "state" | "reason" | "nextProbeAt"> => {
  if (breaker.state === "open" || breaker.state === "half_open")
    return { state: breaker.state, reason: breaker.reason, nextProbeAt: HalfOpenProbe.nextAt(breaker, now) }
  return now < pausedUntil
    ? { state: "closed", reason: "paused: it asked to be asked later", nextProbeAt: pausedUntil }
    : { state: "closed", reason: "", nextProbeAt: null }
}

export const statusOf = (providers: ProviderBreakers, now: number): ReadonlyArray<ProviderStatus> =>
  [...providers].map(([name, provider]) => ({
    name,
    ...useOf(provider, now),
    since: provider.breaker.since,
    evidence: { faults: provider.faults.value, limit: provider.faults.limit },
  }))
