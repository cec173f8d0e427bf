/**
 * What the breakers judge, unlike the windows, which show what happened: runtime attempts that began and ended while
 * the organisation's breaker and the global one were closed. No fault from before a closing can so open them again.
 *
 * Invariant: `sum` is the sum of the evidence of all organisations with a closed breaker. The evidence of an organisation
 * is of one era, the epoch of the global breaker in which it was collected; in any other it is void.
 */
import type { Outcome } from "../domain/Outcome.ts"
import type { Org, Orgs } from "./Orgs.ts"
import * as SlidingWindow from "./SlidingWindow.ts"

export const make = (windowMs: number): SlidingWindow.SlidingWindow =>
  SlidingWindow.make(windowMs, { quantiles: false })

/** Counts one attempt; gives the tally of the organisation's evidence. */
export const collect = (
  sum: SlidingWindow.SlidingWindow,
  org: Org,
  era: number,
  attempt: { readonly outcome: Outcome; readonly latencyMs: number },
  now: number,
): SlidingWindow.Tally => {
  const own = (org.evidence ??= make(sum.windowMs))
  if (org.era !== era) {
    SlidingWindow.clear(own)
    org.era = era
  }
  SlidingWindow.record(own, now, attempt.outcome, attempt.latencyMs)
  SlidingWindow.record(sum, now, attempt.outcome, attempt.latencyMs)
  return SlidingWindow.tally(own, now)
}

/** Takes the organisation's evidence out of the sum and forgets it. */
export const withdraw = (sum: SlidingWindow.SlidingWindow, org: Org, era: number, now: number): void => {
  if (org.evidence === undefined || org.era !== era) return
  SlidingWindow.subtract(sum, org.evidence, now)
  SlidingWindow.clear(org.evidence)
}

/** The tallies that make up the sum's. */
export function* tallies(orgs: Orgs, era: number, now: number): Generator<SlidingWindow.Tally> {
  for (const org of orgs.byId.values()) {
    if (org.evidence !== undefined && org.era === era) yield SlidingWindow.tally(org.evidence, now)
  }
}
