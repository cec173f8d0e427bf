/**
 * The breaker of each direct provider: a provider that fails is skipped for a while, so that turns do not pay for it before
 * the next one answers. Pure and immutable; times are epoch milliseconds.
 *
 * Evidence is a FaultCounter; the way back is a HalfOpenProbe: one real turn at a time, three good ones close. A provider that
 * asks for a pause (`Retry-After`) gets it, which is no evidence. A provider is skipped only if a later provider is in use, so
 * every turn has an attempt.
 */
import type { OrgId } from "../../domain/Ids.ts"
import type { Outcome } from "../../domain/Outcome.ts"
import * as FaultCounter from "../evidence/FaultCounter.ts"
import type { Policy } from "../Policy.ts"
import * as Breaker from "./Breaker.ts"
import * as HalfOpenProbe from "./HalfOpenProbe.ts"

interface Use {
  readonly orgId: OrgId
  readonly at: number
}

interface Provider {
  readonly breaker: Breaker.Breaker
  readonly faults: FaultCounter.FaultCounter
  readonly pausedUntil: number
  /** The last use by each of the four most recent organisations, oldest first. */
  readonly recent: ReadonlyArray<Use>
}

export const states = ["closed", "open", "half_open"] as const

/** In the order of the configuration. */
export type ProviderBreakers = ReadonlyMap<string, Provider>

/** Admits one attempt at a provider. Without an epoch its end is no evidence. */
export interface Pass {
  readonly provider: string
  readonly epoch: number | undefined
}

interface Ended {
  readonly pass: Pass
  readonly orgId: OrgId
  readonly outcome: Outcome
  readonly startedAt: number
  /** The pause that the provider asked for. */
  readonly pauseMs?: number | undefined
}

export const make = (names: ReadonlyArray<string>, policy: Policy, now: number): ProviderBreakers =>
  new Map(
    names.map((name) => [
      name,
      {
        breaker: Breaker.closed(0, now),
        faults: FaultCounter.make(policy.providerFaultLimit, policy.providerFaultLimit),
        pausedUntil: now,
        recent: [],
      },
    ]),
  )

const replace = (providers: ProviderBreakers, name: string, provider: Provider): ProviderBreakers =>
  new Map([...providers, [name, provider]])

const isInUse = (provider: Provider | undefined, now: number): boolean =>
  provider?.breaker.state === "closed" && provider.pausedUntil <= now

/**
 * Admits a turn to `name`; `later` are the providers after it. Undefined: skip it. A probe that is due is leased to the turn:
 * the caller must then report the attempt's end.
 */
export const admit = (
  providers: ProviderBreakers,
  name: string,
  later: ReadonlyArray<string>,
  now: number,
  leaseMs: number,
): readonly [Pass | undefined, ProviderBreakers] => {
  const provider = providers.get(name)
  if (provider === undefined) return [{ provider: name, epoch: undefined }, providers]
  const isReplaced = later.some((other) => isInUse(providers.get(other), now))
  if (isReplaced && now < provider.pausedUntil) return [undefined, providers]
  const { breaker } = provider
  if (breaker.state !== "open" && breaker.state !== "half_open") {
    return [{ provider: name, epoch: breaker.epoch }, providers]
  }
  const leased = HalfOpenProbe.admit(breaker, now, leaseMs)
  if (leased.admitted === "probe") {
    const pass = { provider: name, epoch: leased.breaker.epoch }
    return [pass, replace(providers, name, { ...provider, breaker: leased.breaker })]
  }
  return [isReplaced ? undefined : { provider: name, epoch: undefined }, providers]
}

/** Counts the end of an attempt; gives the transition that it caused, if any. */
export const ended = (
  providers: ProviderBreakers,
  policy: Policy,
  attempt: Ended,
  now: number,
): readonly [Breaker.Transition | undefined, ProviderBreakers] => {
  const { outcome, pass, pauseMs = 0 } = attempt
  const known = providers.get(pass.provider)
  if (known === undefined) return [undefined, providers]
  const pausedUntil = Math.max(known.pausedUntil, now + Math.min(pauseMs, policy.longestPauseMs))
  const provider = { ...known, pausedUntil }
  if (pass.epoch !== provider.breaker.epoch) {
    return [undefined, replace(providers, pass.provider, provider)]
  }
  if (provider.breaker.state === "closed") {
    const [transition, judged] = judge(provider, policy, attempt, now)
    return [transition, replace(providers, pass.provider, judged)]
  }
  const moved = HalfOpenProbe.ended(policy, provider.breaker, pass.epoch, resultOf(outcome), now, outcome)
  return [moved.transition, replace(providers, pass.provider, { ...provider, breaker: moved.breaker })]
}

const resultOf = (outcome: Outcome): HalfOpenProbe.ProbeResult =>
  outcome === "success" || outcome === "neutral" ? outcome : "fault"

const judge = (
  before: Provider,
  policy: Policy,
  { orgId, outcome, startedAt }: Ended,
  now: number,
): readonly [Breaker.Transition | undefined, Provider] => {
  if (outcome === "neutral") return [undefined, before]
  const others = before.recent.filter((use) => use.orgId !== orgId)
  const recent = [...others, { orgId, at: now }].slice(-policy.providerOrgs)
  const provider = { ...before, recent }
  if (outcome === "success") {
    return [undefined, { ...provider, faults: FaultCounter.good(provider.faults, orgId, 1, startedAt) }]
  }
  // Fair weight: an organisation whose own requests fail cannot take the provider from three others that use it.
  const inUse = recent.filter(({ at }) => now - at <= policy.providerRecentMs).length
  const bounded = { ...provider.faults, most: provider.faults.limit / inUse }
  const faults = FaultCounter.fault(bounded, policy, orgId, 1, now)
  if (faults.value < faults.limit) return [undefined, { ...provider, faults }]
  const reason = `faults ${faults.value} >= ${faults.limit} in ${now - (faults.since ?? now)} ms`
  const { breaker, transition } = Breaker.trip(policy, provider.breaker, now, reason)
  return [transition, { ...provider, breaker, faults: FaultCounter.clear(faults) }]
}

/** Closes every breaker now, ends every pause, and clears the evidence against the providers. */
export const reset = (providers: ProviderBreakers, now: number): ProviderBreakers =>
  new Map(
    [...providers].map(([name, provider]) => [
      name,
      {
        ...provider,
        breaker: Breaker.reset(provider.breaker, now, "reset").breaker,
        faults: FaultCounter.clear(provider.faults),
        pausedUntil: now,
      },
    ]),
  )

export interface ProviderStatus {
  readonly name: string
  readonly state: (typeof states)[number]
  readonly since: number
  /** The reason to skip it; "" while it is in use. */
  readonly reason: string
  /** The earliest time of the next try. Null while it is in use. */
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
    ? { state: "closed", reason: "paused: the provider asked for a pause", nextProbeAt: pausedUntil }
    : { state: "closed", reason: "", nextProbeAt: null }
}

export const statusOf = (providers: ProviderBreakers, now: number): ReadonlyArray<ProviderStatus> =>
  [...providers].map(([name, provider]) => ({
    name,
    ...useOf(provider, now),
    since: provider.breaker.since,
    evidence: { faults: provider.faults.value, limit: provider.faults.limit },
  }))
