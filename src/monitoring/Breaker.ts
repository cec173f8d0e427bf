/**
 * One circuit breaker: closed -> open -> half-open -> closed. Pure: states are values, times are epoch milliseconds.
 *
 * When a dwell is over, the next turn is the one leased probe; its success closes, its fault opens for longer, anything
 * neutral gives the lease back. A lease also runs out, so that a lost probe cannot keep the breaker away for ever. The
 * epoch rises at every transition and with every lease; whatever was begun under another epoch has no say.
 */

export type State = Breaker["state"]

export type Breaker =
  | {
      readonly state: "closed"
      readonly epoch: number
      readonly since: number
      /** Of the opening that ended at `since`; none before the first opening and after a reset. */
      readonly level: number | undefined
    }
  | {
      readonly state: "open"
      readonly epoch: number
      readonly since: number
      /** From then on a probe may go. */
      readonly until: number
      readonly level: number
      readonly reason: string
    }
  | {
      readonly state: "half_open"
      readonly epoch: number
      readonly since: number
      readonly level: number
      /** Why it opened. */
      readonly reason: string
      /** Until then the probe that is under way keeps all others out; none is when it is undefined. */
      readonly leaseUntil: number | undefined
    }

export interface Transition {
  readonly from: State
  readonly to: State
  readonly at: number
  readonly reason: string
}

export interface Moved {
  readonly breaker: Breaker
  readonly transition?: Transition
}

export interface Admitted extends Moved {
  readonly admitted: "yes" | "no" | "probe"
}

export type ProbeResult = "success" | "fault" | "neutral"

/** Long enough for a restart of the runtime, short enough to be back within a minute of its recovery. */
const firstDwellMs = 30_000
/** However often it fails: one probe in five minutes costs nothing. */
const maxDwellMs = 300_000
/** A trip this soon after closing says that the runtime had not recovered: the dwell doubles. */
const relapseMs = 600_000

export const closed = (epoch: number, now: number): Breaker => ({
  state: "closed",
  epoch,
  since: now,
  level: undefined,
})

const open = (epoch: number, now: number, level: number, reason: string): Breaker => ({
  state: "open",
  epoch,
  since: now,
  until: now + Math.min(firstDwellMs * 2 ** level, maxDwellMs),
  level,
  reason,
})

/** Whether a turn may go at `now`. A probe holds the lease for `leaseMs`, and is tagged with the new state's epoch. */
export const admit = (breaker: Breaker, now: number, leaseMs: number): Admitted => {
  if (breaker.state === "closed") return { breaker, admitted: "yes" }
  if (now < nextProbeAt(breaker, now)) return { breaker, admitted: "no" }
  const leased: Breaker = {
    state: "half_open",
    epoch: breaker.epoch + 1,
    since: breaker.state === "open" ? now : breaker.since,
    level: breaker.level,
    reason: breaker.reason,
    leaseUntil: now + leaseMs,
  }
  if (breaker.state === "half_open") return { breaker: leased, admitted: "probe" }
  const transition = { from: breaker.state, to: leased.state, at: now, reason: "the dwell is over" }
  return { breaker: leased, admitted: "probe", transition }
}

/** Opens a closed breaker. */
export const trip = (breaker: Breaker, now: number, reason: string): Moved => {
  if (breaker.state !== "closed") return { breaker }
  const relapse = breaker.level !== undefined && now - breaker.since <= relapseMs
  return {
    breaker: open(breaker.epoch + 1, now, relapse ? breaker.level + 1 : 0, reason),
    transition: { from: "closed", to: "open", at: now, reason },
  }
}

/** The end of the probe that was leased under `epoch`; `how` is its outcome in words. */
export const probeEnded = (
  breaker: Breaker,
  epoch: number,
  result: ProbeResult,
  now: number,
  how: string,
): Moved => {
  if (breaker.state !== "half_open" || breaker.epoch !== epoch) return { breaker }
  if (result === "neutral") return { breaker: { ...breaker, leaseUntil: undefined } }
  const next: Breaker =
    result === "success"
      ? { state: "closed", epoch: epoch + 1, since: now, level: breaker.level }
      : open(epoch + 1, now, breaker.level + 1, breaker.reason)
  return {
    breaker: next,
    transition: { from: "half_open", to: next.state, at: now, reason: `the probe ended: ${how}` },
  }
}

/** Closes it now and forgets how often it had opened. */
export const reset = (breaker: Breaker, now: number, reason: string): Moved => {
  if (breaker.state === "closed") return { breaker: { ...breaker, level: undefined } }
  return {
    breaker: closed(breaker.epoch + 1, now),
    transition: { from: breaker.state, to: "closed", at: now, reason },
  }
}

/** When the next probe may go at the earliest: not after `now` if the next turn is it. */
export const nextProbeAt = (breaker: Exclude<Breaker, { state: "closed" }>, now: number): number =>
  breaker.state === "open" ? breaker.until : (breaker.leaseUntil ?? now)

/** Whether a new breaker would behave the same from now on. */
export const isPristine = (breaker: Breaker, now: number): boolean =>
  breaker.state === "closed" && (breaker.level === undefined || now - breaker.since > relapseMs)
