/**
 * The way back of the breaker of all: synthetic probes that stay good for a while, then a ramp of real sessions. Pure.
 *
 * The longer it has to stay good, the more often it has opened in a row: a runtime that comes and goes is left alone.
 */
import * as Breaker from "./Breaker.ts"

/** Of all sessions; a session that is let in at one step is let in at the next. */
const steps: ReadonlyArray<number> = [0.2, 0.5, 1]
const goodProbes = 3
const firstHoldMs = 6000
const setBackMs = 10_000
const maxHoldMs = 300_000
const leastStepMs = 5000
const goodToRise = 5
/** At low traffic a step that has seen nothing bad for so long has seen enough. */
const quietStepMs = 10_000
/** Something bad that nobody repeats: whoever met it may be gone, and the sessions of the step with him. */
const doubtfulStepMs = 60_000
const badToFall = 3

export const holdMs = (level: number): number => Math.min(firstHoldMs * 3 ** level, maxHoldMs)

/** The share of the sessions that may use the runtime. */
export const shareOf = (ramp: Breaker.Ramp): number => steps[ramp.step] ?? 1

/** A bad probe undoes the last good ones: all of a short hold, some of a long one, in which a stray failure is likely. */
const setBack = (breaker: Breaker.Open, now: number): Breaker.Open => {
  const goodSince = (breaker.goodSince ?? now) + setBackMs
  return goodSince < now ? { ...breaker, goodSince } : { ...breaker, good: 0, goodSince: undefined }
}

/** A synthetic probe of this epoch has ended. */
export const probed = (breaker: Breaker.Open, good: boolean, now: number): Breaker.Moved => {
  if (!good) return { breaker: setBack(breaker, now) }
  const goodSince = breaker.goodSince ?? now
  const count = breaker.good + 1
  if (count < goodProbes || now - goodSince < holdMs(breaker.level)) {
    return { breaker: { ...breaker, good: count, goodSince } }
  }
  const { epoch, level, reason } = breaker
  const step = { step: 0, stepSince: now, good: 0, bad: 0 }
  const ramp: Breaker.Ramp = { state: "ramp", epoch: epoch + 1, since: now, level, reason, ...step }
  return Breaker.moved(breaker, ramp, now, `${count} good probes in ${now - goodSince} ms`)
}

const toStep = (ramp: Breaker.Ramp, step: number, now: number): Breaker.Breaker =>
  step < steps.length
    ? { ...ramp, step, stepSince: now, good: 0, bad: 0 }
    : { state: "closed", epoch: ramp.epoch + 1, since: now, level: ramp.level }

/** Goes a step up when the step has been good for long enough. */
export const advance = (ramp: Breaker.Ramp, now: number): Breaker.Moved => {
  const inStepMs = now - ramp.stepSince
  const proven = ramp.bad === 0 && inStepMs >= leastStepMs && ramp.good >= goodToRise
  const quietMs = ramp.bad === 0 ? quietStepMs : doubtfulStepMs
  if (!(proven || inStepMs >= quietMs)) return { breaker: ramp }
  const next = toStep(ramp, ramp.step + 1, now)
  return Breaker.moved(ramp, next, now, `${ramp.good} good in ${inStepMs} ms at ${shareOf(ramp) * 100} %`)
}

/** One attempt of the ramp has shown progress, or has failed; `afterProgress`: and had been counted as good. */
export const observed = (
  ramp: Breaker.Ramp,
  result: "good" | "bad" | "bad_after_progress",
  now: number,
): Breaker.Moved => {
  if (result === "good") return { breaker: { ...ramp, good: ramp.good + 1, bad: Math.max(0, ramp.bad - 1) } }
  const bad = ramp.bad + 1
  // What progressed at the step before was counted there.
  const good = Math.max(0, ramp.good - (result === "bad" ? 0 : 1))
  if (bad < badToFall) return { breaker: { ...ramp, good, bad } }
  const reason = `${bad} attempts failed at ${shareOf(ramp) * 100} %`
  return ramp.step === 0
    ? Breaker.trip(ramp, now, reason)
    : Breaker.moved(ramp, toStep(ramp, ramp.step - 1, now), now, reason)
}
