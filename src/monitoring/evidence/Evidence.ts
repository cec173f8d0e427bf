/**
 * What the breakers judge, unlike the windows, which show what happened: runtime attempts that began and ended while
 * the organisation's breaker and the global one were closed. No fault from before a closing can so open them again.
 *
 * Invariant: `sum` is the sum of the evidence of all organisations with a closed breaker. All of it is of the present epoch
 * of the breaker of all: `Breakers` clears every part with the sum.
 */
import type { Outcome } from "../../domain/Outcome.ts"
import type { Org, Orgs } from "./Orgs.ts"
import * as SlidingWindow from "./SlidingWindow.ts"

export const make = (windowMs: number): SlidingWindow.SlidingWindow =>
  SlidingWindow.make(windowMs, { quantiles: false })

/** Counts one attempt; gives the tally of the organisation's evidence. */
export const collect = (
  sum: SlidingWindow.SlidingWindow,
  org: Org,
  attempt: { readonly outcome: Outcome; readonly latencyMs: number },
  now: number,
): SlidingWindow.Tally => {
  const own = (org.evidence ??= make(sum.windowMs))
  SlidingWindow.record(own, now, attempt.outcome, attempt.latencyMs)
  SlidingWindow.record(sum, now, attempt.outcome, attempt.latencyMs)
  return SlidingWindow.tally(own, now)
}

/** Takes the organisation's evidence out of the sum and forgets it. */
export const withdraw = (sum: SlidingWindow.SlidingWindow, org: Org, now: number): void => {
  if (org.evidence === undefined) return
  SlidingWindow.subtract(sum, org.evidence, now)
  SlidingWindow.clear(org.evidence)
}

/** The tallies that make up the sum's. */
export function* tallies(orgs: Orgs, now: number): Generator<SlidingWindow.Tally> {
  for (const org of orgs.byId.values()) {
    if (org.evidence !== undefined) yield SlidingWindow.tally(org.evidence, now)
  }
}
