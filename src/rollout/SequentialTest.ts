/**
 * Bounds of a difference that stay valid no matter how often they are evaluated: the chance that a bound is EVER on
 * the wrong side of the truth is `alpha`. Pure. With `SampleRatio`, this is all the statistics of the autopilot.
 *
 * The bound is the one-sided asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
 * "Time-uniform central limit theory and asymptotic confidence sequences" (Annals of Statistics 52, 2024,
 * arXiv:2103.06476, proposition B.1), Robbins' normal mixture: after t observations with variance s^2 the mean is
 * above
 *
 * mean - s sqrt(2 (t r^2 + 1) / (t r)^2 * log(1 + sqrt(t r^2 + 1) / (2 alpha)))
 *
 * The observations are sessions, not runs, because a session keeps its cohort and its runs resemble each other.
 */

/** Sums over sessions of one quantity, which occurs `n` times in each session and adds up to `y` there. */
export interface Moments {
  n: number
  y: number
  nn: number
  ny: number
  yy: number
}

export const emptyMoments = (): Moments => ({ n: 0, y: 0, nn: 0, ny: 0, yy: 0 })

/** Adds one observation of a session that had `n` of them with the sum `y`. */
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
 * observation, added to the variance so that an event that never occurred does not count as impossible.
 */
export const estimate = ({ n, nn, ny, y, yy }: Moments, event: number): Estimate => {
  const mean = y / n
  const squares = Math.max(0, yy - 2 * mean * ny + mean * mean * nn)
  return { mean, variance: (squares + event * event) / (n * n) }
}

/** The bound is tightest at about this number; at a tenth or ten times of it, it is a tenth wider. */
const tunedForSessions = 500

/** The distance of the one-sided bound in standard errors, after `t` sessions in each cohort. */
export const standardErrors = (t: number, alpha: number): number => {
  // The best r^2 t for a two-sided bound at 2 alpha (section 2.3 of the paper).
  const log = -2 * Math.log(2 * alpha)
  const spread = ((log + Math.log(log) + 1) * t) / tunedForSessions
  return Math.sqrt(2 * (1 + 1 / spread) * Math.log(1 + Math.sqrt(spread + 1) / (2 * alpha)))
}
