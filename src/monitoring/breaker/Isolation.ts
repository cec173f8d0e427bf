/**
 * Tells a fault of one organisation from a fault of the runtime. One bad organisation must not move all others (fault 14 of
 * the previous system), and a bad runtime must not pass for many bad organisations. Pure.
 *
 * If an organisation's own figures trip, only its breaker opens, and its figures leave the common sum. The global breaker
 * opens if the sum still trips without the organisation that adds most to it, or if too many breakers of organisations are open.
 */
import type { Policy } from "../Policy.ts"
import type { Tally } from "../evidence/SlidingWindow.ts"
import * as Triggers from "./Triggers.ts"

const without = (sum: Tally, part: Tally): Tally => ({
  total: sum.total - part.total,
  error: sum.error - part.error,
  timeout: sum.timeout - part.timeout,
  latencyMs: sum.latencyMs - part.latencyMs,
  running: sum.running ?? 0,
})

const nothing: Tally = { total: 0, error: 0, timeout: 0, latencyMs: 0 }

const worst = (trigger: Triggers.Trigger, tallies: Iterable<Tally>): Tally => {
  let largest = nothing
  for (const tally of tallies) {
    if (Triggers.amount(trigger, tally) > Triggers.amount(trigger, largest)) largest = tally
  }
  return largest
}

/**
 * The first trigger that `sum` trips and would still trip without the organisation that adds most to it. `tallies` gives
 * the organisations in the sum. It runs only when the sum trips, so the usual case costs nothing.
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
 * True if too many of the organisations in the window have left alone for the cause to be theirs: all of them, or more than
 * chance explains. Both numbers count organisations that asked for the runtime within the window; `left` includes the one
 * that trips now.
 */
export const isShared = (policy: Policy, left: number, inWindow: number): boolean =>
  left >= inWindow || left > Math.max(policy.alwaysPlausible, policy.plausibleShare * inWindow)
