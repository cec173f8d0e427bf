/**
 * The way back by real turns: when the dwell is over the next turn is the one leased probe; three good ones in a row
 * close, a fault opens for longer, anything neutral gives the lease back. For an organisation's own breaker, and for that
 * of all where there are no synthetic probes. Pure.
 *
 * A lease also runs out, so that a lost probe cannot keep the breaker away for ever.
 */
import * as Breaker from "./Breaker.ts"

export interface Admitted extends Breaker.Moved {
  readonly admitted: "yes" | "no" | "probe"
}

export type ProbeResult = "success" | "fault" | "neutral"

/** From fallback-policy.md: one good turn may be luck where half of them fail. */
const goodToClose = 3

/** When the next probe may go at the earliest: not after `now` if the next turn is it. */
export const nextAt = (breaker: Breaker.Open | Breaker.HalfOpen, now: number): number =>
  breaker.state === "open" ? breaker.until : (breaker.leaseUntil ?? now)

/** Whether a turn may be the probe at `now`. It holds the lease for `leaseMs`, and is tagged with the new state's epoch. */
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
  breaker: Breaker.Breaker,
  epoch: number,
  result: ProbeResult,
  now: number,
  how: string,
): Breaker.Moved => {
  if (breaker.state !== "half_open" || breaker.epoch !== epoch) return { breaker }
  if (result === "neutral") return { breaker: { ...breaker, leaseUntil: undefined } }
  const good = breaker.good + 1
  if (result === "success" && good < goodToClose) {
    return { breaker: { ...breaker, leaseUntil: undefined, good } }
  }
  const next: Breaker.Breaker =
    result === "success"
      ? { state: "closed", epoch: epoch + 1, since: now, level: breaker.level }
      : Breaker.open(epoch + 1, now, breaker.level + 1, breaker.reason)
  return Breaker.moved(breaker, next, now, `the probe ended: ${how}`)
}
