/**
 * The time that a healthy runtime takes to show its first progress, and the longest wait that follows from it. Pure and
 * immutable.
 *
 * The baseline may move by a tenth in ten minutes, so a runtime that slows down cannot move its own limit. It outlives
 * restarts (`recording/BaselineMemory.ts`); a fresh install learns a first bound from 20 attempts.
 */
import type { Policy } from "../Policy.ts"
import * as LatencyHistogram from "./LatencyHistogram.ts"

export interface Baseline {
  readonly histogram: LatencyHistogram.LatencyHistogram
  readonly count: number
  /** The longest of the period. */
  readonly longestMs: number
  readonly periodSince: number
  /** Measured in the last full period; undefined before the first one. */
  readonly p99Ms: number | undefined
}

const startPeriod = (p99Ms: number | undefined, now: number): Baseline => ({
  histogram: LatencyHistogram.make(),
  count: 0,
  longestMs: 0,
  periodSince: now,
  p99Ms,
})

export const make = (now: number): Baseline => startPeriod(undefined, now)

const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** Records the time to first progress of one healthy attempt. */
export const record = (
  baseline: Baseline,
  policy: Policy,
  firstProgressMs: number,
  now: number,
): Baseline => {
  const recorded = {
    ...baseline,
    histogram: LatencyHistogram.add(baseline.histogram, firstProgressMs),
    count: baseline.count + 1,
    longestMs: Math.max(baseline.longestMs, firstProgressMs),
  }
  if (recorded.count < policy.baselineSamples) return recorded
  const before = recorded.p99Ms
  if (before !== undefined && now - recorded.periodSince < policy.baselinePeriodMs) return recorded
  const [measured = 0] = LatencyHistogram.quantiles(recorded.histogram, [0.99])
  const change = policy.baselineLargestChange
  return startPeriod(
    before === undefined ? measured : within(measured, before * (1 - change), before * (1 + change)),
    now,
  )
}

/** Continues with the p99 that another process has learned. */
export const adopt = (p99Ms: number, now: number): Baseline => startPeriod(p99Ms, now)

export const p99MsOf = ({ count, longestMs, p99Ms }: Baseline, policy: Policy): number => {
  if (p99Ms !== undefined) return p99Ms
  const { assumedP99Ms, firstSamples } = policy
  return count < firstSamples ? assumedP99Ms : Math.min(assumedP99Ms, (1 + firstSamples / count) * longestMs)
}

/** The longest wait for the first progress. */
export const limitMs = (baseline: Baseline, policy: Policy): number =>
  within(policy.limitFactor * p99MsOf(baseline, policy), policy.leastLimitMs, policy.greatestLimitMs)
