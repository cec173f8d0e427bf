/**
 * What happened in the last `windowMs`: a ring of 60 buckets with a count per outcome and the latencies, and their
 * running sum. Pure: time is passed in as epoch milliseconds and must not go backwards.
 *
 * A window belongs to one owner (the Monitor's Ref): `record`, and reading too, change it in place. A record costs
 * the same however many came before it; what leaves the window leaves it a bucket at a time.
 */
import type { Outcome } from "../../domain/Outcome.ts"
import * as LatencyHistogram from "./LatencyHistogram.ts"

/** Each is 1/60 of the window (5 s of the default 5 minutes), which is how exactly its far end is known. */
export const bucketCount = 60
/** The longest timeout that can be configured. It also keeps a nonsensical latency from spoiling the running sum. */
const maxLatencyMs = 86_400_000

interface Bucket {
  readonly counts: { [outcome in Outcome]: number }
  /** The part of the neutral ones that users cancelled. */
  cancelled: number
  /** Of what counts in `total`, in whole milliseconds: only whole numbers can be taken out of a sum without a rest. */
  latencyMs: number
  readonly latencies: LatencyHistogram.LatencyHistogram | undefined
}

export interface SlidingWindow {
  readonly windowMs: number
  readonly bucketMs: number
  readonly sum: Bucket
  /** By number modulo `bucketCount`; none where nothing happened. */
  readonly buckets: Array<Bucket | undefined>
  /** Number of the newest bucket: its beginning in epoch milliseconds / bucketMs. */
  newest: number
}

/** What the triggers weigh. `total` is success + error + timeout; a timeout is not also an error. */
export interface Tally {
  readonly total: number
  readonly error: number
  readonly timeout: number
  readonly latencyMs: number
  /** Begun and not yet ended; a window knows nothing of them. */
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

const emptyBucket = (quantiles: boolean): Bucket => ({
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
  latencies: quantiles ? LatencyHistogram.make() : undefined,
})

const merge = (into: Bucket, bucket: Bucket, sign: 1 | -1): void => {
  into.counts.success += sign * bucket.counts.success
  into.counts.error += sign * bucket.counts.error
  into.counts.timeout_first_content += sign * bucket.counts.timeout_first_content
  into.counts.timeout_stall += sign * bucket.counts.timeout_stall
  into.counts.timeout_total += sign * bucket.counts.timeout_total
  into.counts.neutral += sign * bucket.counts.neutral
  into.cancelled += sign * bucket.cancelled
  into.latencyMs += sign * bucket.latencyMs
  if (into.latencies !== undefined && bucket.latencies !== undefined) {
    LatencyHistogram.merge(into.latencies, bucket.latencies, sign)
  }
}

/** Without `quantiles` a window is some 600 bytes a bucket smaller, and the quantiles of its summary are 0. */
export const make = (windowMs: number, options: { readonly quantiles: boolean }): SlidingWindow => ({
  windowMs,
  bucketMs: windowMs / bucketCount,
  sum: emptyBucket(options.quantiles),
  buckets: Array.from({ length: bucketCount }, () => undefined),
  newest: 0,
})

/** Lets go of the buckets that are out of the window at `now`. */
const advance = (window: SlidingWindow, now: number): void => {
  const newest = Math.floor(now / window.bucketMs)
  const steps = Math.min(newest - window.newest, bucketCount)
  for (let step = 0; step < steps; step++) {
    const slot = (newest - step) % bucketCount
    const bucket = window.buckets[slot]
    if (bucket !== undefined) merge(window.sum, bucket, -1)
    window.buckets[slot] = undefined
  }
  if (steps > 0) window.newest = newest
}

const count = (bucket: Bucket, outcome: Outcome, latencyMs: number, cancelled: boolean): void => {
  bucket.counts[outcome] += 1
  if (outcome === "neutral") {
    if (cancelled) bucket.cancelled += 1
    return
  }
  bucket.latencyMs += latencyMs
  if (bucket.latencies !== undefined) LatencyHistogram.add(bucket.latencies, latencyMs)
}

/** `at`: when it happened, where that is known only later. `cancelled`: a neutral outcome that the user caused. */
export const record = (
  window: SlidingWindow,
  now: number,
  outcome: Outcome,
  latencyMs: number,
  at = now,
  cancelled = false,
): void => {
  advance(window, now)
  const number = Math.min(Math.floor(at / window.bucketMs), window.newest)
  if (number <= window.newest - bucketCount) return
  // Also what is not a number counts as 0.
  const latency = latencyMs > 0 ? Math.min(Math.round(latencyMs), maxLatencyMs) : 0
  const bucket = (window.buckets[number % bucketCount] ??= emptyBucket(window.sum.latencies !== undefined))
  count(bucket, outcome, latency, cancelled)
  count(window.sum, outcome, latency, cancelled)
}

/** Takes out of `window` all that is in `part`, every record of which was recorded in `window` too, at the same time. */
export const subtract = (window: SlidingWindow, part: SlidingWindow, now: number): void => {
  advance(window, now)
  advance(part, now)
  part.buckets.forEach((bucket, slot) => {
    const from = window.buckets[slot]
    if (bucket === undefined || from === undefined) return
    merge(from, bucket, -1)
    merge(window.sum, bucket, -1)
  })
}

export const clear = (window: SlidingWindow): void => {
  window.buckets.fill(undefined)
  // A sum less itself: nothing is allocated.
  merge(window.sum, window.sum, -1)
}

const timeoutsIn = ({ counts }: Bucket): number =>
  counts.timeout_first_content + counts.timeout_stall + counts.timeout_total

export const tally = (window: SlidingWindow, now: number): Tally => {
  advance(window, now)
  const { counts, latencyMs } = window.sum
  const timeout = timeoutsIn(window.sum)
  return { total: counts.success + counts.error + timeout, error: counts.error, timeout, latencyMs }
}

export const summary = (window: SlidingWindow, now: number): Summary => {
  const { error, latencyMs, timeout, total } = tally(window, now)
  const { counts, latencies } = window.sum
  const [p50 = 0, p95 = 0, p99 = 0] =
    latencies === undefined ? [] : LatencyHistogram.quantiles(latencies, [0.5, 0.95, 0.99])
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
    cancelled: window.sum.cancelled,
    avgLatencyMs: share(latencyMs),
    p50LatencyMs: p50,
    p95LatencyMs: p95,
    p99LatencyMs: p99,
    errorRate: share(error),
    timeoutRate: share(timeout),
  }
}
