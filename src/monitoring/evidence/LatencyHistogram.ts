/**
 * Latencies counted in bins whose bounds grow by a fixed ratio, so a quantile is at most 5 % off at any size. Pure and
 * immutable; two histograms can be added.
 *
 * The bins are in groups, and an empty group takes no memory: a change copies one group and the list of groups.
 */

export type LatencyHistogram = ReadonlyArray<ReadonlyArray<number> | undefined>

/** A bin (r^(i-1), r^i] is answered by 2r^i/(r+1), which is at most (r-1)/(r+1) = 4.8 % from all that is in it. */
const ratio = 1.1
/** Ten minutes: twice the longest attempt that the default settings allow. Longer ones count as that. */
const maxMs = 600_000
const binsPerLog = 1 / Math.log(ratio)
/** Bin 0 holds everything up to 1 ms. 141 bins. */
const binCount = Math.ceil(Math.log(maxMs) * binsPerLog) + 1
const groupSize = 12
const groupCount = Math.ceil(binCount / groupSize)

const emptyGroup: ReadonlyArray<number> = Array.from({ length: groupSize }, () => 0)
const empty: LatencyHistogram = Array.from({ length: groupCount }, () => undefined)

export const make = (): LatencyHistogram => empty

export const add = (histogram: LatencyHistogram, latencyMs: number): LatencyHistogram => {
  const bin = latencyMs <= 1 ? 0 : Math.min(Math.ceil(Math.log(latencyMs) * binsPerLog), binCount - 1)
  const index = Math.floor(bin / groupSize)
  const group = (histogram[index] ?? emptyGroup).slice()
  group[bin % groupSize]! += 1
  const groups = histogram.slice()
  groups[index] = group
  return groups
}

export const sum = (one: LatencyHistogram, other: LatencyHistogram): LatencyHistogram =>
  one.map((group, index) => {
    const added = other[index]
    if (group === undefined || added === undefined) return group ?? added
    return group.map((count, place) => count + added[place]!)
  })

/** The counts of the bins, for storage. */
export const toCounts = (histogram: LatencyHistogram): ReadonlyArray<number> =>
  histogram.flatMap((group) => group ?? emptyGroup).slice(0, binCount)

export const fromCounts = (counts: ReadonlyArray<number>): LatencyHistogram =>
  empty.map((_, index) => {
    const first = index * groupSize
    const group = emptyGroup.map((_, place) => counts[first + place] ?? 0)
    return group.some((count) => count > 0) ? group : undefined
  })

/** The number of latencies. */
export const size = (histogram: LatencyHistogram): number =>
  toCounts(histogram).reduce((total, n) => total + n, 0)

/**
 * Nearest-rank quantiles in milliseconds (the smallest latency that at least the share `q` of all are not above), one
 * for each of `shares`; 0 for an empty histogram.
 */
export const quantiles = (
  histogram: LatencyHistogram,
  shares: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const bins = toCounts(histogram)
  const count = bins.reduce((total, n) => total + n, 0)
  return shares.map((q) => {
    if (count === 0) return 0
    const rank = Math.max(1, Math.ceil(q * count))
    let below = 0
    const bin = bins.findIndex((n) => (below += n) >= rank)
    return bin === 0 ? 1 : (2 * ratio ** bin) / (ratio + 1)
  })
}
