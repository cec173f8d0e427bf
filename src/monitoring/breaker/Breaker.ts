/**
 * The states of a circuit breaker, and how it trips and is reset by hand. Pure: states are values, times are epoch
 * milliseconds. Ramp has the way back by synthetic probes, HalfOpenProbe the way back by one real turn at a time.
 *
 * The epoch rises with every transition and every lease. An attempt that began under another epoch does not count.
 */
import * as Schema from "effect/Schema"
import type { Policy } from "../Policy.ts"

const left = {
  epoch: Schema.Int,
  since: Schema.Finite,
  /** Times that it has opened in a row, from 0. */
  level: Schema.Int,
  /** The reason of the opening. */
  reason: Schema.String,
}

const Closed = Schema.Struct({
  state: Schema.Literal("closed"),
  epoch: Schema.Int,
  since: Schema.Finite,
  /** The level of the opening that ended at `since`; absent before the first opening and after a reset. */
  level: Schema.optional(Schema.Int),
})

const Open = Schema.Struct({
  state: Schema.Literal("open"),
  ...left,
  /** The time from which a turn may be the probe, if turns are probes. */
  until: Schema.Finite,
  /** Every synthetic probe since then was good; `good` counts them. */
  goodSince: Schema.optional(Schema.Finite),
  good: Schema.Int,
})
export type Open = typeof Open.Type

const HalfOpen = Schema.Struct({
  state: Schema.Literal("half_open"),
  ...left,
  /** Until then the probe's turn keeps all others out; undefined while no probe is under way. */
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
  /** Faults less good attempts, not below 0. */
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

export const closed = (epoch: number, now: number): Breaker => ({
  state: "closed",
  epoch,
  since: now,
  level: undefined,
})

export const open = (policy: Policy, epoch: number, now: number, level: number, reason: string): Breaker => ({
  state: "open",
  epoch,
  since: now,
  until: now + Math.min(policy.firstDwellMs * 2 ** level, policy.maxDwellMs),
  goodSince: undefined,
  good: 0,
  level,
  reason,
})

/** Replaces `from` with `breaker`, with a transition for the log. */
export const moved = (from: Breaker, breaker: Breaker, now: number, reason: string): Moved => ({
  breaker,
  transition: { from: from.state, to: breaker.state, at: now, reason },
})

/** Opens a breaker that is closed or in its ramp. */
export const trip = (policy: Policy, breaker: Breaker, now: number, reason: string): Moved => {
  if (breaker.state === "open" || breaker.state === "half_open") return { breaker }
  const relapse =
    breaker.level !== undefined && (breaker.state === "ramp" || now - breaker.since <= policy.relapseMs)
  const level = relapse && breaker.level !== undefined ? breaker.level + 1 : 0
  return moved(breaker, open(policy, breaker.epoch + 1, now, level, reason), now, reason)
}

/** Closes it now and clears its level. */
export const reset = (breaker: Breaker, now: number, reason: string): Moved =>
  breaker.state === "closed"
    ? { breaker: { ...breaker, level: undefined } }
    : moved(breaker, closed(breaker.epoch + 1, now), now, reason)

/** The same breaker by a clock that is `byMs` ahead. */
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

/** True if a new breaker would behave the same from now on. */
export const isPristine = (breaker: Breaker, relapseMs: number, now: number): boolean =>
  breaker.state === "closed" && (breaker.level === undefined || now - breaker.since > relapseMs)
