/**
 * The windows that the breakers judge: runtime attempts that began and ended while the organisation's breaker and the global
 * one were closed. The shown windows count all attempts instead. So no fault from before a closing can trip a breaker again.
 *
 * Invariant: the common window is the sum of the evidence of all organisations with a closed breaker. All of it belongs to the
 * present epoch of the global breaker: `Breakers` clears every part with the sum.
 */
import * as OrderedMap from "../../platform/OrderedMap.ts"
import type { Org, Orgs } from "./Orgs.ts"
import * as SlidingWindow from "./SlidingWindow.ts"

export const make = (windowMs: number): SlidingWindow.SlidingWindow =>
  SlidingWindow.make(windowMs, { quantiles: false })

/** The common window without the evidence of this organisation. */
export const withdraw = (
  common: SlidingWindow.SlidingWindow,
  { evidence }: Org,
  now: number,
): SlidingWindow.SlidingWindow =>
  evidence === undefined ? common : SlidingWindow.subtract(common, evidence, now)

/** The tallies that make up the common one. */
export function* tallies(orgs: Orgs, now: number): Generator<SlidingWindow.Tally> {
  for (const { evidence } of OrderedMap.values(orgs.byId)) {
    if (evidence !== undefined) yield SlidingWindow.tally(evidence, now)
  }
}
