/**
 * What a circuit breaker can be, and how it opens and is closed by hand. Pure: states are values, times are epoch
 * milliseconds. The way back is in Return (synthetic probes, then a ramp) and in Lease (one real turn at a time).
 *
 * The epoch rises at every transition and with every lease; whatever was begun under another epoch has no say.
 */

import * as Schema from "effect/Schema"

const left = {
  epoch: Schema.Int,
  since: Schema.Finite,
  /** How often it has opened in a row. */
  level: Schema.Int,
  /** Why it opened. */
  reason: Schema.String,
}

const Closed = Schema.Struct({
  state: Schema.Literal("closed"),
  epoch: Schema.Int,
  since: Schema.Finite,
  /** Of the opening that ended at `since`; none before the first opening and after a reset. */
  level: Schema.optional(Schema.Int),
})

const Open = Schema.Struct({
  state: Schema.Literal("open"),
  ...left,
  /** When a turn may be the probe, where turns are. */
  until: Schema.Finite,
  /** Since when every synthetic probe was good, and how many they are. */
  goodSince: Schema.optional(Schema.Finite),
  good: Schema.Int,
})
export type Open = typeof Open.Type

const HalfOpen = Schema.Struct({
  state: Schema.Literal("half_open"),
  ...left,
  /** Until then the turn that is the probe keeps all others out; none is under way when it is undefined. */
  leaseUntil: Schema.optional(Schema.Finite),
  good: Schema.Int,
})
export type HalfOpen = typeof HalfOpen.Type

const Ramp = Schema.Struct({
  state: Schema.Literal("ramp"),
  ...left,
  step: Schema.Int,
  stepSince: Schema.Finite,
  good: Schema.Int,
  /** Faults less good ones, not below 0. */
  bad: Schema.Int,
})
export type Ramp = typeof Ramp.Type

export const Breaker = Schema.Union([Closed, Open, HalfOpen, Ramp])
export type Breaker = typeof Breaker.Type
export type State = Breaker["state"]

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

/** Long enough for a restart of the runtime, short enough to be back within a minute of its recovery. */
const firstDwellMs = 30_000
/** However often it fails: one probe in five minutes costs nothing. */
const maxDwellMs = 300_000
/** A trip this soon after closing says that the runtime had not recovered: it stays away for longer. */
const relapseMs = 600_000

export const closed = (epoch: number, now: number): Breaker => ({
  state: "closed",
  epoch,
  since: now,
  level: undefined,
})

export const open = (epoch: number, now: number, level: number, reason: string): Breaker => ({
  state: "open",
  epoch,
  since: now,
  until: now + Math.min(firstDwellMs * 2 ** level, maxDwellMs),
  goodSince: undefined,
  good: 0,
  level,
  reason,
})

/** `breaker` in place of `from`, which is written down. */
export const moved = (from: Breaker, breaker: Breaker, now: number, reason: string): Moved => ({
  breaker,
  transition: { from: from.state, to: breaker.state, at: now, reason },
})

/** Opens a breaker that lets turns in: one that is closed, or on its way back. */
export const trip = (breaker: Breaker, now: number, reason: string): Moved => {
  if (breaker.state === "open" || breaker.state === "half_open") return { breaker }
  const relapse =
    breaker.level !== undefined && (breaker.state === "ramp" || now - breaker.since <= relapseMs)
  const level = relapse && breaker.level !== undefined ? breaker.level + 1 : 0
  return moved(breaker, open(breaker.epoch + 1, now, level, reason), now, reason)
}

/** Closes it now and forgets how often it had opened. */
export const reset = (breaker: Breaker, now: number, reason: string): Moved =>
  breaker.state === "closed"
    ? { breaker: { ...breaker, level: undefined } }
    : moved(breaker, closed(breaker.epoch + 1, now), now, reason)

/** The same breaker by a clock that is so many milliseconds ahead. */
export const shifted = (breaker: Breaker, byMs: number): Breaker => {
  const since = breaker.since + byMs
  const shift = (at: number | undefined) => (at === undefined ? undefined : at + byMs)
  switch (breaker.state) {
    case "closed":
      return { ...breaker, since }
    case "open":
      return { ...breaker, since, until: breaker.until + byMs, goodSince: shift(breaker.goodSince) }
    case "half_open":
      return { ...breaker, since, leaseUntil: shift(breaker.leaseUntil) }
    case "ramp":
      return { ...breaker, since, stepSince: breaker.stepSince + byMs }
  }
}

/** Whether a new breaker would behave the same from now on. */
export const isPristine = (breaker: Breaker, now: number): boolean =>
  breaker.state === "closed" && (breaker.level === undefined || now - breaker.since > relapseMs)
