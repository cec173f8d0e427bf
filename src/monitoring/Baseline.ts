/**
 * How long a healthy runtime takes to show its first progress, and so how long to wait for it at most. Pure; changed in
 * place by its one owner.
 *
 * The baseline may move by a tenth in ten minutes, so that a runtime that slows down cannot move its own yardstick.
 */
import * as LatencyHistogram from "./LatencyHistogram.ts"

export interface Baseline {
  histogram: LatencyHistogram.LatencyHistogram
  count: number
  periodSince: number
  /** Of the last full period; undefined until there were enough samples for a first one. */
  p99Ms: number | undefined
}

const enoughSamples = 200
const periodMs = 600_000
const largestChange = 0.1

/** Before anything is known: a limit of 15 s, longer than most runtimes need and short of what users bear. */
const assumedP99Ms = 6000
const factor = 2.5
const leastLimitMs = 5000
const greatestLimitMs = 45_000

export const make = (now: number): Baseline => ({
  histogram: LatencyHistogram.make(),
  count: 0,
  periodSince: now,
  p99Ms: undefined,
})

const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** One healthy attempt's time to first progress. */
export const record = (baseline: Baseline, firstProgressMs: number, now: number): void => {
  LatencyHistogram.add(baseline.histogram, firstProgressMs)
  baseline.count += 1
  if (baseline.count < enoughSamples) return
  if (baseline.p99Ms !== undefined && now - baseline.periodSince < periodMs) return
  const [found = 0] = LatencyHistogram.quantiles(baseline.histogram, [0.99])
  const before = baseline.p99Ms
  baseline.p99Ms =
    before === undefined ? found : within(found, before * (1 - largestChange), before * (1 + largestChange))
  baseline.histogram = LatencyHistogram.make()
  baseline.count = 0
  baseline.periodSince = now
}

export const p99MsOf = ({ p99Ms }: Baseline): number => p99Ms ?? assumedP99Ms

/** How long to wait for the first progress. */
export const limitMs = (baseline: Baseline): number =>
  within(factor * p99MsOf(baseline), leastLimitMs, greatestLimitMs)
