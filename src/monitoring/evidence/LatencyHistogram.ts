/**
 * Latencies counted in bins whose bounds grow by a fixed ratio, so that a quantile read from them is at most 5 % off at
 * any size. Pure; a histogram is a plain typed array that belongs to whoever made it, and two of them can be added.
 */

export type LatencyHistogram = Uint32Array

/** A bin (r^(i-1), r^i] is answered by 2r^i/(r+1), which is at most (r-1)/(r+1) = 4.8 % from all that is in it. */
const ratio = 1.1
/** Ten minutes: twice the longest attempt that the default settings allow. Longer ones count as that. */
const maxMs = 600_000
const binsPerLog = 1 / Math.log(ratio)
/** Bin 0 holds everything up to 1 ms. 141 bins, 564 bytes. */
const binCount = Math.ceil(Math.log(maxMs) * binsPerLog) + 1

export const make = (): LatencyHistogram => new Uint32Array(binCount)

export const add = (histogram: LatencyHistogram, latencyMs: number): void => {
  const bin = latencyMs <= 1 ? 0 : Math.min(Math.ceil(Math.log(latencyMs) * binsPerLog), binCount - 1)
  histogram[bin]! += 1
}

/** Adds `sign` times what `other` holds. */
export const merge = (histogram: LatencyHistogram, other: LatencyHistogram, sign: 1 | -1): void => {
  for (let bin = 0; bin < binCount; bin++) histogram[bin]! += sign * other[bin]!
}

/**
 * Nearest-rank quantiles in milliseconds (the smallest latency that at least the share `q` of all are not above), one
 * for each of `shares`; 0 where nothing was counted.
 */
export const quantiles = (
  histogram: LatencyHistogram,
  shares: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const count = histogram.reduce((sum, n) => sum + n, 0)
  return shares.map((q) => {
    if (count === 0) return 0
    const rank = Math.max(1, Math.ceil(q * count))
    let seen = 0
    const bin = histogram.findIndex((n) => (seen += n) >= rank)
    return bin === 0 ? 1 : (2 * ratio ** bin) / (ratio + 1)
  })
}
