/**
 * The contract for leaving the runtime: error rate > 0.5, or timeout rate > 0.3, or mean latency > 0.8 x the timeout
 * threshold, over at least 10 samples. `config/ConfigMonitor` has the variables with these defaults. Pure.
 *
 * A timeout does not count as an error here as well: it has a threshold of its own, and counted twice it would move the
 * error threshold. So a window with 40 % errors and 30 % timeouts is within the contract.
 */
import type { Tally } from "../evidence/SlidingWindow.ts"

export interface Thresholds {
  /** Fewer attempts trip nothing. */
  readonly minSamples: number
  readonly errorRate: number
  readonly timeoutRate: number
  /** A share of `timeoutThresholdMs`. */
  readonly latencyRatio: number
  readonly timeoutThresholdMs: number
}

export type Trigger = "error_rate" | "timeout_rate" | "latency"

/** `value` and `threshold` are shares of 1, or milliseconds for `latency`. */
export interface Tripped {
  readonly trigger: Trigger
  readonly value: number
  readonly threshold: number
  readonly samples: number
}

/** In the order of evaluation. */
export const triggers: ReadonlyArray<Trigger> = ["error_rate", "timeout_rate", "latency"]

/** The amount that a tally adds to a trigger: each of the three is a mean over the attempts, and this is its sum. */
export const amount = (trigger: Trigger, tally: Tally): number => {
  switch (trigger) {
    case "error_rate":
      return tally.error
    case "timeout_rate":
      return tally.timeout
    case "latency":
      return tally.latencyMs
  }
}

const thresholdOf = (trigger: Trigger, thresholds: Thresholds): number => {
  switch (trigger) {
    case "error_rate":
      return thresholds.errorRate
    case "timeout_rate":
      return thresholds.timeoutRate
    case "latency":
      return thresholds.latencyRatio * thresholds.timeoutThresholdMs
  }
}

/** Checks one trigger. The comparison is strict: exactly the threshold is still good. */
export const check = (trigger: Trigger, tally: Tally, thresholds: Thresholds): Tripped | undefined => {
  if (tally.total < thresholds.minSamples) return undefined
  // Faults end sooner than answers, so the rate counts the running attempts too.
  const begun = tally.total + (trigger === "latency" ? 0 : (tally.running ?? 0))
  const value = amount(trigger, tally) / begun
  const threshold = thresholdOf(trigger, thresholds)
  return value > threshold ? { trigger, value, threshold, samples: tally.total } : undefined
}

/** The first trigger that holds. */
export const evaluate = (tally: Tally, thresholds: Thresholds): Tripped | undefined => {
  for (const trigger of triggers) {
    const tripped = check(trigger, tally, thresholds)
    if (tripped !== undefined) return tripped
  }
  return undefined
}

const names: { readonly [trigger in Trigger]: string } = {
  error_rate: "error rate",
  timeout_rate: "timeout rate",
  latency: "mean latency",
}

/** Four digits: enough to tell a value from the threshold that it is barely above. */
const digits = (value: number): string => String(Number(value.toPrecision(4)))

/** For the people on call: "error rate 0.8 > 0.5 over 10 attempts". */
export const reasonOf = ({ samples, threshold, trigger, value }: Tripped): string => {
  const unit = trigger === "latency" ? " ms" : ""
  return `${names[trigger]} ${digits(value)}${unit} > ${digits(threshold)}${unit} over ${samples} attempts`
}
