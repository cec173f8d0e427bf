/**
 * The documented contract and nothing else: its window of minutes, its three rates, the one timeout of an attempt. It
 * defines no recovery, so there is none.
 */
import * as SlidingWindow from "../monitoring/evidence/SlidingWindow.ts"
import * as Triggers from "../monitoring/breaker/Triggers.ts"
import type { Policy } from "./Policy.ts"

interface Contract extends Triggers.Thresholds {
  readonly windowMs: number
}

export const make = (contract: Contract): Policy<object> => {
  let window = SlidingWindow.make(contract.windowMs, { quantiles: false })
  let left = false
  return {
    name: "contract",
    admit: () => (left ? undefined : {}),
    started: () => {},
    progressed: () => {},
    ended: ({ latencyMs, mode, outcome }, now) => {
      if (mode === "direct_llm" || left) return
      window = SlidingWindow.record(window, now, outcome, latencyMs)
      left = Triggers.evaluate(SlidingWindow.tally(window, now), contract) !== undefined
    },
    firstProgressLimitMs: () => contract.timeoutThresholdMs,
    tick: () => undefined,
    probeEnded: () => {},
    state: () => (left ? "open" : "closed"),
    share: () => (left ? 0 : 1),
  }
}
