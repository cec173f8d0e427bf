/**
 * The way back of the global breaker: synthetic probes that stay good for a while, then a ramp of real sessions. Pure.
 *
 * Each trip in a row makes the probes stay good for longer, so a runtime that fails again and again gets few sessions.
 */
import type { Policy } from "../Policy.ts"
import * as Breaker from "./Breaker.ts"

const holdMs = ({ firstHoldMs, holdFactor, maxHoldMs }: Policy, level: number): number =>
  Math.min(firstHoldMs * holdFactor ** level, maxHoldMs)

/** The share of the sessions that may use the runtime. */
export const shareOf = ({ rampShares }: Policy, ramp: Breaker.Ramp): number => rampShares[ramp.step] ?? 1

/** A bad probe undoes the last good ones. */
const setBack = (policy: Policy, breaker: Breaker.Open, now: number): Breaker.Open => {
  const goodSince = (breaker.goodSince ?? now) + policy.setBackMs
  return goodSince < now ? { ...breaker, goodSince } : { ...breaker, good: 0, goodSince: undefined }
}

/** A synthetic probe of this epoch has ended. */
export const probed = (policy: Policy, breaker: Breaker.Open, good: boolean, now: number): Breaker.Moved => {
  if (!good) return { breaker: setBack(policy, breaker, now) }
  const goodSince = breaker.goodSince ?? now
  const count = breaker.good + 1
  if (count < policy.goodProbes || now - goodSince < holdMs(policy, breaker.level)) {
    return { breaker: { ...breaker, good: count, goodSince } }
  }
  const { epoch, level, reason } = breaker
  const step = { step: 0, stepSince: now, good: 0, bad: 0 }
  const ramp: Breaker.Ramp = { state: "ramp", epoch: epoch + 1, since: now, level, reason, ...step }
  return Breaker.moved(
    breaker,
    toStep(policy, ramp, 0, now),
    now,
    `${count} good probes in ${now - goodSince} ms`,
  )
}

const toStep = (policy: Policy, ramp: Breaker.Ramp, step: number, now: number): Breaker.Breaker =>
  step < policy.rampShares.length
    ? { ...ramp, step, stepSince: now, good: 0, bad: 0 }
    : { state: "closed", epoch: ramp.epoch + 1, since: now, level: ramp.level }

/** Rises to the next step when the present one has been good for long enough. */
export const advance = (policy: Policy, ramp: Breaker.Ramp, now: number): Breaker.Moved => {
  const inStepMs = now - ramp.stepSince
  const proven = ramp.bad === 0 && inStepMs >= policy.leastStepMs && ramp.good >= policy.goodToRise
  const quietMs = ramp.bad === 0 ? policy.quietStepMs : policy.doubtfulStepMs
  if (!(proven || inStepMs >= quietMs)) return { breaker: ramp }
  const next = toStep(policy, ramp, ramp.step + 1, now)
  return Breaker.moved(
    ramp,
    next,
    now,
    `${ramp.good} good in ${inStepMs} ms at ${shareOf(policy, ramp) * 100} %`,
  )
}

/** An attempt of the ramp has shown progress or has failed. `bad_after_progress`: its progress was counted as good. */
export const observed = (
  policy: Policy,
  ramp: Breaker.Ramp,
  result: "good" | "bad" | "bad_after_progress",
  now: number,
): Breaker.Moved => {
  if (result === "good") return { breaker: { ...ramp, good: ramp.good + 1, bad: Math.max(0, ramp.bad - 1) } }
  const bad = ramp.bad + 1
  // An attempt that progressed in the step before was counted there.
  const good = Math.max(0, ramp.good - (result === "bad" ? 0 : 1))
  if (bad < policy.badToFall) return { breaker: { ...ramp, good, bad } }
  const reason = `${bad} attempts failed at ${shareOf(policy, ramp) * 100} %`
  return ramp.step === 0
    ? Breaker.trip(policy, ramp, now, reason)
    : Breaker.moved(ramp, toStep(policy, ramp, ramp.step - 1, now), now, reason)
}
