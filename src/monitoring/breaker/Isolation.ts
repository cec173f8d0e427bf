/**
 * Whose fault is it: one organisation's, or the runtime's? One bad organisation must not move all others (fault 14 of
 * the system before), and a bad runtime must not be mistaken for many bad organisations. Pure.
 *
 * An organisation that trips by its own figures leaves alone, and its figures leave the common sum. Everybody leaves
 * when the sum of the others still trips without the one that adds most to it, or when too many have left alone.
 */
import type { Tally } from "../evidence/SlidingWindow.ts"
import * as Triggers from "./Triggers.ts"

/** Few organisations may be bad at once by chance, and a fifth of many: from fallback-policy.md, "Fair weight". */
const alwaysPlausible = 3
const plausibleShare = 0.2

const without = (sum: Tally, part: Tally): Tally => ({
  total: sum.total - part.total,
  error: sum.error - part.error,
  timeout: sum.timeout - part.timeout,
  latencyMs: sum.latencyMs - part.latencyMs,
  running: sum.running ?? 0,
})

const nothing: Tally = { total: 0, error: 0, timeout: 0, latencyMs: 0 }

const worst = (trigger: Triggers.Trigger, tallies: Iterable<Tally>): Tally => {
  let found = nothing
  for (const tally of tallies) {
    if (Triggers.amount(trigger, tally) > Triggers.amount(trigger, found)) found = tally
  }
  return found
}

/**
 * The first trigger that `sum` trips and would still trip without the organisation that adds most to it. `tallies` are
 * the organisations in the sum; they are asked for only when the sum trips, so that the usual case costs nothing.
 */
export const commonFault = (
  sum: Tally,
  tallies: () => Iterable<Tally>,
  thresholds: Triggers.Thresholds,
): Triggers.Tripped | undefined => {
  for (const trigger of Triggers.triggers) {
    const tripped = Triggers.check(trigger, sum, thresholds)
    if (tripped === undefined) continue
    const rest = without(sum, worst(trigger, tallies()))
    if (Triggers.check(trigger, rest, thresholds) !== undefined) return tripped
  }
  return undefined
}

/**
 * Whether so many of the organisations in the window have left by themselves that it was not they: all of them, with one
 * organisation that one, or more than chance explains. Both numbers count only organisations that asked for the runtime
 * within the window; `left` includes the one that trips now.
 */
export const isNotTheOrgs = (left: number, inWindow: number): boolean =>
  left >= inWindow || left > Math.max(alwaysPlausible, plausibleShare * inWindow)
