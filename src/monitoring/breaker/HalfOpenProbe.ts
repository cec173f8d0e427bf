/**
 * The way back by real turns: after the dwell the next turn holds the one lease as a probe. Three good probes in a row close
 * the breaker, a fault opens it for longer, a neutral end gives the lease back. For an organisation's own breaker, and for the
 * global one without synthetic probes. Pure.
 *
 * A lease expires, so a lost probe cannot block the breaker forever.
 */
import type { Policy } from "../Policy.ts"
import * as Breaker from "./Breaker.ts"

export interface Admitted extends Breaker.Moved {
  readonly admitted: "yes" | "no" | "probe"
}

export type ProbeResult = "success" | "fault" | "neutral"

/** The earliest time of the next probe; not after `now` if the next turn is the probe. */
export const nextAt = (breaker: Breaker.Open | Breaker.HalfOpen, now: number): number =>
  breaker.state === "open" ? breaker.until : (breaker.leaseUntil ?? now)

/** Leases the probe to a turn, if one is due at `now`. The lease lasts `leaseMs`; its ticket has the new state's epoch. */
export const admit = (breaker: Breaker.Open | Breaker.HalfOpen, now: number, leaseMs: number): Admitted => {
  if (now < nextAt(breaker, now)) return { breaker, admitted: "no" }
  const leased: Breaker.HalfOpen = {
    state: "half_open",
    epoch: breaker.epoch + 1,
    since: breaker.state === "open" ? now : breaker.since,
    level: breaker.level,
    reason: breaker.reason,
    leaseUntil: now + leaseMs,
    good: breaker.state === "open" ? 0 : breaker.good,
  }
  return breaker.state === "half_open"
    ? { breaker: leased, admitted: "probe" }
    : { ...Breaker.moved(breaker, leased, now, "the dwell is over"), admitted: "probe" }
}

/** The end of the probe that was leased under `epoch`; `how` is its outcome in words. */
export const ended = (
  policy: Policy,
  breaker: Breaker.Breaker,
  epoch: number,
  result: ProbeResult,
  now: number,
  how: string,
): Breaker.Moved => {
  if (breaker.state !== "half_open" || breaker.epoch !== epoch) return { breaker }
  if (result === "neutral") return { breaker: { ...breaker, leaseUntil: undefined } }
  const good = breaker.good + 1
  if (result === "success" && good < policy.goodToClose) {
    return { breaker: { ...breaker, leaseUntil: undefined, good } }
  }
  const next: Breaker.Breaker =
    result === "success"
      ? { state: "closed", epoch: epoch + 1, since: now, level: breaker.level }
      : Breaker.open(policy, epoch + 1, now, breaker.level + 1, breaker.reason)
  return Breaker.moved(breaker, next, now, `the probe ended: ${how}`)
}
