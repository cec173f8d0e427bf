/** Applies synthetic probes to `Health`: the probe that is due, and the effect of its end. Pure. */
import * as Breakers from "../breaker/Breakers.ts"
import * as Moves from "../breaker/Moves.ts"
import * as Ramp from "../breaker/Ramp.ts"
import * as TripRules from "../breaker/TripRules.ts"
import * as Health from "../Health.ts"
import * as Probing from "./Probing.ts"

const situationOf = ({ breakers, settings }: Health.Health, now: number): Probing.Situation => {
  const { global } = breakers
  return {
    state: global.state === "closed" || global.state === "open" ? global.state : "other",
    good: global.state === "open" && global.goodSince !== undefined,
    suspicious: TripRules.isSuspicious(breakers, now),
    wanted: now - breakers.wantedAt < settings.windowMs,
  }
}

const setProbing = (breakers: Breakers.Breakers, probing: Probing.Probing): Breakers.Breakers => ({
  ...breakers,
  probing,
})

/** The probe to start now, if one is due; the caller must end it. */
export const take = (
  before: Health.Health,
  now: number,
): readonly [Probing.Probe | undefined, Health.Health] => {
  const health = Health.advance(before, now)
  const { breakers, settings } = health
  const { global, policy } = breakers
  if (!settings.probes || !breakers.probing.here) return [undefined, health]
  const situation = situationOf(health, now)
  const [probe, probing] = Probing.take(breakers.probing, policy, situation, global.epoch, now)
  return [probe, { ...health, breakers: setProbing(breakers, probing) }]
}

/** A probe of an older epoch counts as neutral. */
export const ended = (
  health: Health.Health,
  probe: Probing.Probe,
  result: Probing.ProbeResult,
  now: number,
): Health.Health => {
  const { breakers } = health
  if (!Probing.isUnderway(breakers.probing, probe)) return health
  const counted = probe.epoch === breakers.global.epoch ? result : "neutral"
  const probing = Probing.end(breakers.probing, probe, counted, now)
  return { ...health, breakers: judge(setProbing(breakers, probing), probe.startedAt, counted, now) }
}

/** A probe of another replica. This replica continues from it if it probes next. */
export const endedElsewhere = (
  health: Health.Health,
  probe: {
    readonly startedAt: number
    readonly epoch: number
    readonly result: Probing.ProbeResult
  },
  now: number,
): Health.Health => {
  const { breakers } = health
  const { epoch, startedAt } = probe
  const result = epoch === breakers.global.epoch ? probe.result : "neutral"
  const probing = Probing.learn(breakers.probing, result, now)
  const lastStartAt = Math.max(probing.lastStartAt, startedAt)
  const learned = setProbing(breakers, { ...probing, lastStartAt })
  return { ...health, breakers: judge(learned, startedAt, result, now) }
}

const judge = (
  breakers: Breakers.Breakers,
  startedAt: number,
  result: Probing.ProbeResult,
  now: number,
): Breakers.Breakers => {
  const { global, policy } = breakers
  if (result === "neutral") return breakers
  const isGood = result === "good"
  if (global.state === "open") return Moves.moveGlobal(breakers, Ramp.probed(policy, global, isGood, now))
  return global.state === "closed" ? TripRules.probed(breakers, isGood, startedAt, now) : breakers
}
