/**
 * Bounds of a difference that may be looked at after every run, as often as one likes: the chance that a bound is EVER
 * on the wrong side of the truth is `alpha`. Pure; everything the autopilot knows of statistics beside `SampleRatio`.
 *
 * The bound is the one-sided asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
 * "Time-uniform central limit theory and asymptotic confidence sequences" (Annals of Statistics 52, 2024,
 * arXiv:2103.06476, proposition B.1), Robbins' normal mixture: after t observations with variance s^2 the mean is above
 *   mean - s sqrt(2 (t r^2 + 1) / (t r)^2 * log(1 + sqrt(t r^2 + 1) / (2 alpha)))
 * The observations are sessions, not runs, because a session keeps its cohort and its runs resemble each other.
 */

/** Sums over sessions of one quantity, counted `n` times in each session and adding up to `y` there. */
export interface Moments {
  n: number
  y: number
  nn: number
  ny: number
  yy: number
}

export const emptyMoments = (): Moments => ({ n: 0, y: 0, nn: 0, ny: 0, yy: 0 })

/** One more observation of a session that had `n` of them with the sum `y`. */
export const observe = (moments: Moments, n: number, y: number, value: number): void => {
  moments.n += 1
  moments.y += value
  moments.nn += 2 * n + 1
  moments.ny += n * value + y + value
  moments.yy += 2 * y * value + value * value
}

export interface Estimate {
  readonly mean: number
  readonly variance: number
}

/**
 * The mean per observation, with the variance of a ratio of sums over sessions (linearised). `event`: the size of one
 * observation that is added to the variance, so that what was never seen is not taken for impossible.
 */
export const estimate = ({ n, nn, ny, y, yy }: Moments, event: number): Estimate => {
  const mean = y / n
  const squares = Math.max(0, yy - 2 * mean * ny + mean * mean * nn)
  return { mean, variance: (squares + event * event) / (n * n) }
}

/** The bound is tightest about here; a tenth or ten times of it costs a tenth of its width. */
const tunedForSessions = 500

/** How many standard errors the one-sided bound is away after `t` sessions in each cohort. */
export const standardErrors = (t: number, alpha: number): number => {
  // The best r^2 t for a two-sided bound at 2 alpha (section 2.3 of the paper).
  const log = -2 * Math.log(2 * alpha)
  const spread = ((log + Math.log(log) + 1) * t) / tunedForSessions
  return Math.sqrt(2 * (1 + 1 / spread) * Math.log(1 + Math.sqrt(spread + 1) / (2 * alpha)))
}
