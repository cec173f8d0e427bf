/**
 * The attempts of the last `windowMs`: 60 buckets with a count per outcome and the latencies, and their running sum. Pure and
 * immutable: a record makes a new newest bucket and a new list of buckets. Times are epoch milliseconds and must not go
 * backwards.
 *
 * A record costs the same however many came before it; old records leave the window a bucket at a time.
 */
import type { Outcome } from "../../domain/Outcome.ts"
import * as LatencyHistogram from "./LatencyHistogram.ts"

/** Each is 1/60 of the window (5 s of the default 5 minutes), which is the precision of its far end. */
export const bucketCount = 60
/** The longest timeout that can be configured. It also stops a nonsensical latency from spoiling the running sum. */
const maxLatencyMs = 86_400_000

/** The running sum of all buckets. */
interface Sum {
  readonly counts: { readonly [outcome in Outcome]: number }
  /** The part of the neutral ones that users cancelled. */
  readonly cancelled: number
  /** The sum over the attempts in `total`, in whole milliseconds: whole numbers leave a sum without a rest. */
  readonly latencyMs: number
}

interface Bucket extends Sum {
  readonly latencies: LatencyHistogram.LatencyHistogram | undefined
}

export interface SlidingWindow {
  readonly windowMs: number
  readonly bucketMs: number
  readonly quantiles: boolean
  readonly sum: Sum
  /** By number modulo `bucketCount`; undefined without records. */
  readonly buckets: ReadonlyArray<Bucket | undefined>
  /** Number of the newest bucket: its beginning in epoch milliseconds / bucketMs. */
  readonly newest: number
}

/** The input of the triggers. `total` is success + error + timeout; a timeout is not also an error. */
export interface Tally {
  readonly total: number
  readonly error: number
  readonly timeout: number
  readonly latencyMs: number
  /** Begun and not yet ended; a window has no such records. */
  readonly running?: number
}

/** The figures of `GET /api/v1/runtime/metrics`; the names are the contract. Rates are shares of `total`, 0 when it is 0. */
export interface Summary {
  readonly total: number
  readonly success: number
  readonly error: number
  readonly timeout: number
  readonly timeouts: { readonly firstContent: number; readonly stall: number; readonly total: number }
  /** Outside `total`, the rates and the latencies. */
  readonly neutral: number
  /** The part of `neutral` that users cancelled. */
  readonly cancelled: number
  readonly avgLatencyMs: number
  readonly p50LatencyMs: number
  readonly p95LatencyMs: number
  readonly p99LatencyMs: number
  readonly errorRate: number
  readonly timeoutRate: number
}

const emptySum: Sum = {
  counts: {
    success: 0,
    error: 0,
    timeout_first_content: 0,
    timeout_stall: 0,
    timeout_total: 0,
    neutral: 0,
  },
  cancelled: 0,
  latencyMs: 0,
}

const minus = (sum: Sum, part: Sum): Sum => ({
  counts: {
    success: sum.counts.success - part.counts.success,
    error: sum.counts.error - part.counts.error,
    timeout_first_content: sum.counts.timeout_first_content - part.counts.timeout_first_content,
    timeout_stall: sum.counts.timeout_stall - part.counts.timeout_stall,
    timeout_total: sum.counts.timeout_total - part.counts.timeout_total,
    neutral: sum.counts.neutral - part.counts.neutral,
  },
  cancelled: sum.cancelled - part.cancelled,
  latencyMs: sum.latencyMs - part.latencyMs,
})

const noBuckets: ReadonlyArray<undefined> = Array.from({ length: bucketCount }, () => undefined)

/** Without `quantiles` a bucket stores no latencies, and the quantiles of the summary are 0. */
export const make = (windowMs: number, options: { readonly quantiles: boolean }): SlidingWindow => ({
  windowMs,
  bucketMs: windowMs / bucketCount,
  quantiles: options.quantiles,
  sum: emptySum,
  buckets: noBuckets,
  newest: 0,
})

/** The window at `now`, without the buckets that have left it. */
const advance = (window: SlidingWindow, now: number): SlidingWindow => {
  const newest = Math.floor(now / window.bucketMs)
  const steps = Math.min(newest - window.newest, bucketCount)
  if (steps <= 0) return window
  let { sum } = window
  const buckets = window.buckets.slice()
  for (let step = 0; step < steps; step++) {
    const slot = (newest - step) % bucketCount
    const bucket = buckets[slot]
    if (bucket !== undefined) sum = minus(sum, bucket)
    buckets[slot] = undefined
  }
  return { ...window, sum, buckets, newest }
}

const count = (sum: Sum, outcome: Outcome, latencyMs: number, cancelled: boolean): Sum => ({
  counts: { ...sum.counts, [outcome]: sum.counts[outcome] + 1 },
  cancelled: sum.cancelled + (outcome === "neutral" && cancelled ? 1 : 0),
  latencyMs: sum.latencyMs + (outcome === "neutral" ? 0 : latencyMs),
})

/** `at`: the time of the event, if the record is late. `cancelled`: a neutral outcome that the user caused. */
export const record = (
  before: SlidingWindow,
  now: number,
  outcome: Outcome,
  latencyMs: number,
  at = now,
  cancelled = false,
): SlidingWindow => {
  const window = advance(before, now)
  const number = Math.min(Math.floor(at / window.bucketMs), window.newest)
  if (number <= window.newest - bucketCount) return window
  // NaN counts as 0 too.
  const latency = latencyMs > 0 ? Math.min(Math.round(latencyMs), maxLatencyMs) : 0
  const slot = number % bucketCount
  const bucket = window.buckets[slot]
  const latencies = window.quantiles ? (bucket?.latencies ?? LatencyHistogram.make()) : undefined
  const buckets = window.buckets.slice()
  buckets[slot] = {
    ...count(bucket ?? emptySum, outcome, latency, cancelled),
    latencies: latencies && outcome !== "neutral" ? LatencyHistogram.add(latencies, latency) : latencies,
  }
  return { ...window, sum: count(window.sum, outcome, latency, cancelled), buckets }
}

/** Removes every record of `removed` from `from`. Each was recorded in both, at the same time; neither stores latencies. */
export const subtract = (from: SlidingWindow, removed: SlidingWindow, now: number): SlidingWindow => {
  const window = advance(from, now)
  const part = advance(removed, now)
  const buckets = window.buckets.map((bucket, slot) => {
    const less = part.buckets[slot]
    return bucket && less ? { ...minus(bucket, less), latencies: undefined } : bucket
  })
  return { ...window, sum: minus(window.sum, part.sum), buckets }
}

const timeoutsIn = ({ counts }: Sum): number =>
  counts.timeout_first_content + counts.timeout_stall + counts.timeout_total

export const tally = (window: SlidingWindow, now: number): Tally => {
  const { sum } = advance(window, now)
  const { counts, latencyMs } = sum
  const timeout = timeoutsIn(sum)
  return { total: counts.success + counts.error + timeout, error: counts.error, timeout, latencyMs }
}

const plus = (sum: Sum, part: Sum): Sum => minus(sum, minus(emptySum, part))

/** The number of the bucket that contains the beginning of the span; a span cannot exceed the window. */
const oldestOf = ({ bucketMs }: SlidingWindow, now: number, spanMs: number): number =>
  Math.max(Math.floor((now - spanMs) / bucketMs), Math.floor(now / bucketMs) - bucketCount + 1)

/** The time that `newest` covers: the span and up to one bucket more, because buckets are not divided. */
export const coveredMs = (window: SlidingWindow, now: number, spanMs: number): number =>
  now - oldestOf(window, now, spanMs) * window.bucketMs

/** Only the newest buckets, which cover `spanMs` before `now`. */
export const newest = (before: SlidingWindow, now: number, spanMs: number): SlidingWindow => {
  const window = advance(before, now)
  const count = Math.floor(now / window.bucketMs) - oldestOf(window, now, spanMs) + 1
  const buckets = window.buckets.map((bucket, slot) => {
    const age = (((window.newest - slot) % bucketCount) + bucketCount) % bucketCount
    return age < count ? bucket : undefined
  })
  const sum = buckets.reduce<Sum>((all, bucket) => (bucket ? plus(all, bucket) : all), emptySum)
  return { ...window, buckets, sum }
}

const latenciesIn = ({ buckets }: SlidingWindow): LatencyHistogram.LatencyHistogram =>
  buckets.reduce(
    (all, bucket) => (bucket?.latencies ? LatencyHistogram.sum(all, bucket.latencies) : all),
    LatencyHistogram.make(),
  )

export const summary = (before: SlidingWindow, now: number): Summary => {
  const window = advance(before, now)
  const { error, latencyMs, timeout, total } = tally(window, now)
  const { cancelled, counts } = window.sum
  const [p50 = 0, p95 = 0, p99 = 0] = LatencyHistogram.quantiles(latenciesIn(window), [0.5, 0.95, 0.99])
  const share = (part: number): number => (total === 0 ? 0 : part / total)
  return {
    total,
    success: counts.success,
    error,
    timeout,
    timeouts: {
      firstContent: counts.timeout_first_content,
      stall: counts.timeout_stall,
      total: counts.timeout_total,
    },
    neutral: counts.neutral,
    cancelled,
    avgLatencyMs: share(latencyMs),
    p50LatencyMs: p50,
    p95LatencyMs: p95,
    p99LatencyMs: p99,
    errorRate: share(error),
    timeoutRate: share(timeout),
  }
}
