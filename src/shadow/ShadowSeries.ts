/** Agreement over time: the counts of each period with their intervals. Pure. */
import { type Dimension, dimensions } from "../domain/ShadowPair.ts"
import type { ShadowBucket } from "../store/ShadowPairs.ts"
import { type Rate, wilson } from "./RateIntervals.ts"

const defaultSpanMs = 7 * 86_400_000
/** Shorter periods hold too few pairs for any interval. */
const shortestMs = 60_000

/** The start and the length of the periods. Without `since` they cover a week. */
export const periodsOf = (now: number, since: number | undefined, points: number) => {
  const from = since ?? now - defaultSpanMs
  return { since: from, widthMs: Math.max(shortestMs, Math.ceil((now - from + 1) / points)) }
}

export interface Point {
  /** Epoch milliseconds of the period's start. */
  readonly at: number
  readonly pairs: number
  readonly samePairs: number
  readonly dimensions: ReadonlyArray<{
    readonly dimension: Dimension
    /** Pairs of two modes. */
    readonly agreement: Rate
    /** Pairs of one mode (A/A). */
    readonly noise: Rate
  }>
}

export interface Series {
  readonly from: number
  readonly widthMs: number
  /** Oldest first. Periods without pairs are absent. */
  readonly points: ReadonlyArray<Point>
}

const pointOf = (at: number, buckets: ReadonlyArray<ShadowBucket>): Point => {
  const across = buckets.find(({ same }) => !same)
  const own = buckets.find(({ same }) => same)
  const rate = (bucket: ShadowBucket | undefined, dimension: Dimension): Rate => {
    const { hits, of } = bucket?.dimensions[dimension] ?? { hits: 0, of: 0 }
    return wilson(hits, of)
  }
  return {
    at,
    pairs: across?.pairs ?? 0,
    samePairs: own?.pairs ?? 0,
    dimensions: dimensions.map((dimension) => ({
      dimension,
      agreement: rate(across, dimension),
      noise: rate(own, dimension),
    })),
  }
}

export const series = (from: number, widthMs: number, buckets: ReadonlyArray<ShadowBucket>): Series => ({
  from,
  widthMs,
  points: [...Map.groupBy(buckets, ({ at }) => at)].map(([at, found]) => pointOf(at, found)),
})
