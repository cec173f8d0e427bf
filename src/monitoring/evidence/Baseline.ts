/**
 * The time that a healthy runtime takes to show its first progress, and the longest wait that follows from it. Pure; changed
 * in place by its one owner.
 *
 * The baseline may move by a tenth in ten minutes, so that a runtime that slows down cannot move its own yardstick. It is
 * kept over restarts (`recording/BaselineMemory.ts`); a fresh install learns a first bound from 20 attempts.
 */
import * as LatencyHistogram from "./LatencyHistogram.ts"

export interface Baseline {
  histogram: LatencyHistogram.LatencyHistogram
  count: number
  /** The longest of the period. */
  longestMs: number
  periodSince: number
  /** The figure of the last full period; undefined until there were enough samples for a first one. */
  p99Ms: number | undefined
}

const enoughSamples = 200
const periodMs = 600_000
const largestChange = 0.1

/** Before anything is known: a limit of 15 s, longer than most runtimes need and short of what users bear. */
const assumedP99Ms = 6000
/**
 * Attempts after which a first bound replaces the assumption. The longest of 20 is no p99: with 95 % confidence it is above 86 %
 * of all, no more, and the longest of 100 above 97 %. So the longest counts with a margin that shrinks as attempts come: 100 %
 * at 20 of them, 20 % at 100. The bound never exceeds the assumption.
 */
const firstSamples = 20
const factor = 2.5
const leastLimitMs = 5000
const greatestLimitMs = 45_000

export const make = (now: number): Baseline => ({
  histogram: LatencyHistogram.make(),
  count: 0,
  longestMs: 0,
  periodSince: now,
  p99Ms: undefined,
})

const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** One healthy attempt's time to first progress. */
export const record = (baseline: Baseline, firstProgressMs: number, now: number): void => {
  LatencyHistogram.add(baseline.histogram, firstProgressMs)
  baseline.count += 1
  baseline.longestMs = Math.max(baseline.longestMs, firstProgressMs)
  if (baseline.count < enoughSamples) return
  if (baseline.p99Ms !== undefined && now - baseline.periodSince < periodMs) return
  const [found = 0] = LatencyHistogram.quantiles(baseline.histogram, [0.99])
  const before = baseline.p99Ms
  baseline.p99Ms =
    before === undefined ? found : within(found, before * (1 - largestChange), before * (1 + largestChange))
  startPeriod(baseline, now)
}

const startPeriod = (baseline: Baseline, now: number): void => {
  baseline.histogram = LatencyHistogram.make()
  baseline.count = 0
  baseline.longestMs = 0
  baseline.periodSince = now
}

/** Goes on with what another process has learned. */
export const adopt = (baseline: Baseline, p99Ms: number, now: number): void => {
  baseline.p99Ms = p99Ms
  startPeriod(baseline, now)
}

export const p99MsOf = ({ count, longestMs, p99Ms }: Baseline): number => {
  if (p99Ms !== undefined) return p99Ms
  return count < firstSamples ? assumedP99Ms : Math.min(assumedP99Ms, (1 + firstSamples / count) * longestMs)
}

/** How long to wait for the first progress. */
export const limitMs = (baseline: Baseline): number =>
  within(factor * p99MsOf(baseline), leastLimitMs, greatestLimitMs)
