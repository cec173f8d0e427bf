/**
 * Intervals for rates and for the difference of two rates. Pure. Wilson's score interval, which stays accurate near 0
 * and 1 and for few samples, and Newcombe's hybrid of two of them (R. G. Newcombe, Statistics in Medicine 17, 1998,
 * method 10).
 */

export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Rate extends Interval {
  readonly of: number
  readonly hits: number
  /** 0 when there are no samples; the interval is then 0 to 1. */
  readonly rate: number
}

/** Standard normal quantile of a two-sided interval of 95 %. */
const z95 = 1.959964

export const wilson = (hits: number, of: number, z = z95): Rate => {
  if (of === 0) return { of, hits, rate: 0, low: 0, high: 1 }
  const rate = hits / of
  const scale = 1 + (z * z) / of
  const centre = (rate + (z * z) / (2 * of)) / scale
  const half = (z / scale) * Math.sqrt((rate * (1 - rate)) / of + (z * z) / (4 * of * of))
  return {
    of,
    hits,
    rate,
    low: Math.max(0, Math.min(rate, centre - half)),
    high: Math.min(1, Math.max(rate, centre + half)),
  }
}

/** The interval of `a.rate - b.rate`; both must use the same quantile. */
export const difference = (a: Rate, b: Rate): Interval & { readonly rate: number } => {
  const rate = a.rate - b.rate
  return {
    rate,
    low: rate - Math.hypot(a.rate - a.low, b.high - b.rate),
    high: rate + Math.hypot(a.high - a.rate, b.rate - b.low),
  }
}
