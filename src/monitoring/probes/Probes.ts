/** Synthetic probes against `Health`: which one is due, and what its end does. Changes it in place. */
import * as Breakers from "../breaker/Breakers.ts"
import * as Health from "../Health.ts"
import * as TripRules from "../breaker/TripRules.ts"
import * as Probing from "./Probing.ts"
import * as Ramp from "../breaker/Ramp.ts"

const situationOf = ({ breakers, settings }: Health.Health, now: number): Probing.Situation => {
  const { global } = breakers
  return {
    state: global.state === "closed" || global.state === "open" ? global.state : "other",
    good: global.state === "open" && global.goodSince !== undefined,
    suspicious: TripRules.isSuspicious(breakers, now),
    wanted: now - breakers.wantedAt < settings.windowMs,
  }
}

/** The probe that is to be begun now, if any; whoever gets it must end it. */
export const take = (health: Health.Health, now: number): Probing.Probe | undefined => {
  Health.advance(health, now)
  if (!health.settings.probes || !health.breakers.probing.here) return undefined
  const { global, probing } = health.breakers
  return Probing.take(probing, situationOf(health, now), global.epoch, now)
}

/** A probe of an epoch that is over tells nothing. */
export const ended = (
  { breakers }: Health.Health,
  probe: Probing.Probe,
  result: "good" | "bad" | "neutral",
  now: number,
): void => {
  const { probing } = breakers
  const current = probe.epoch === breakers.global.epoch
  if (!Probing.end(probing, probe, current ? result : "neutral", now) || !current) return
  learn(breakers, probe.startedAt, result, now)
}

/** A probe of another replica: this one goes on from it, should it be the next to probe. */
export const endedElsewhere = (
  { breakers }: Health.Health,
  probe: { readonly startedAt: number; readonly epoch: number; readonly result: "good" | "bad" | "neutral" },
  now: number,
): void => {
  const current = probe.epoch === breakers.global.epoch
  Probing.learn(breakers.probing, current ? probe.result : "neutral", now)
  breakers.probing.lastStartAt = Math.max(breakers.probing.lastStartAt, probe.startedAt)
  if (current) learn(breakers, probe.startedAt, probe.result, now)
}

const learn = (
  breakers: Breakers.Breakers,
  startedAt: number,
  result: "good" | "bad" | "neutral",
  now: number,
): void => {
  const { global } = breakers
  if (result === "neutral") return
  if (global.state === "open") {
    Breakers.moveGlobal(breakers, Ramp.probed(global, result === "good", now))
  } else if (global.state === "closed") {
    TripRules.probed(breakers, result === "good", startedAt, now)
  }
}
