/**
 * When a synthetic probe is due: tiny real executions that cost no user anything. Pure and immutable; times are epoch
 * milliseconds.
 *
 * While the breaker is open, probes find the way back. Under suspicion they confirm it sooner than users would. Without users
 * one probe finds a broken runtime before the next user does.
 */
import type { Policy } from "../Policy.ts"

export interface Probe {
  readonly id: number
  readonly startedAt: number
  /** The epoch of the global breaker when the probe began. */
  readonly epoch: number
}

export type ProbeResult = "good" | "bad" | "neutral"

export interface Probing {
  readonly underway: ReadonlyArray<Probe>
  readonly nextId: number
  readonly lastStartAt: number
  /** When a probe or a user's attempt last showed the state of the runtime. */
  readonly verdictAt: number
  /** The last probe was bad. */
  readonly failed: boolean
  /** Probes of this suspicion so far. */
  readonly confirmed: number
  /** Neutral probes in a row. */
  readonly mute: number
  /** True if this replica probes: one does for the fleet. */
  readonly here: boolean
}

export interface Situation {
  readonly state: "closed" | "open" | "other"
  /** For an open breaker: the last probe was good. */
  readonly good: boolean
  readonly suspicious: boolean
  /** A turn has asked for the runtime recently. */
  readonly wanted: boolean
}

export const initial: Probing = {
  underway: [],
  nextId: 0,
  lastStartAt: Number.NEGATIVE_INFINITY,
  verdictAt: Number.NEGATIVE_INFINITY,
  failed: false,
  confirmed: 0,
  mute: 0,
  here: true,
}

const openInterval = ({ eagerIntervalMs, openIntervalMs }: Policy, good: boolean): number =>
  good ? eagerIntervalMs : openIntervalMs

/** When the next probe is due while the global breaker is open. */
export const nextWhileOpen = ({ lastStartAt }: Probing, policy: Policy, good: boolean, now: number): number =>
  Math.max(now, lastStartAt + openInterval(policy, good))

const isDue = (probing: Probing, policy: Policy, situation: Situation, now: number): boolean => {
  const sinceStart = now - probing.lastStartAt
  if (situation.state === "open") return sinceStart >= openInterval(policy, situation.good)
  if (situation.state === "other") return false
  if (situation.suspicious || probing.failed) {
    const isConfirming = probing.confirmed < policy.confirmations
    return sinceStart >= (isConfirming ? policy.eagerIntervalMs : policy.doubtIntervalMs)
  }
  const begins = probing.verdictAt === Number.NEGATIVE_INFINITY
  const sinceVerdict = now - probing.verdictAt
  return (situation.wanted || begins) && Math.min(sinceStart, sinceVerdict) >= policy.idleIntervalMs
}

/** The probe to start now, if one is due; the caller must end it. */
export const take = (
  before: Probing,
  policy: Policy,
  situation: Situation,
  epoch: number,
  now: number,
): readonly [Probe | undefined, Probing] => {
  const calm = situation.state === "closed" && !situation.suspicious && !before.failed
  const probing = {
    ...before,
    confirmed: calm ? 0 : before.confirmed,
    underway: before.underway.filter(({ startedAt }) => now - startedAt <= 2 * policy.probeDeadlineMs),
  }
  const isFull = probing.underway.length >= policy.mostProbes
  if (isFull || !isDue(probing, policy, situation, now)) return [undefined, probing]
  const probe = { id: probing.nextId, startedAt: now, epoch }
  const taken = {
    ...probing,
    underway: [...probing.underway, probe],
    nextId: probe.id + 1,
    lastStartAt: now,
    confirmed: calm ? probing.confirmed : probing.confirmed + 1,
  }
  return [probe, taken]
}

export const isUnderway = ({ underway }: Probing, { id }: Probe): boolean =>
  underway.some((probe) => probe.id === id)

export const end = (probing: Probing, { id }: Probe, result: ProbeResult, now: number): Probing =>
  learn({ ...probing, underway: probing.underway.filter((probe) => probe.id !== id) }, result, now)

export const learn = (probing: Probing, result: ProbeResult, now: number): Probing =>
  result === "neutral"
    ? { ...probing, mute: probing.mute + 1 }
    : { ...probing, mute: 0, verdictAt: now, failed: result === "bad" }

/** The runtime refuses probes as such: the way back must do without them. */
export const isMute = ({ mute }: Probing, { muteAt }: Policy): boolean => mute >= muteAt
