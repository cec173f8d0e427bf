/**
 * Checks that both cohorts have their expected share of sessions. If not, sessions were lost or moved on one side and
 * no comparison is valid. Pure, and valid no matter how often it is evaluated.
 *
 * The test is the multinomial mixture of Lindon and Malek, "Anytime-valid inference for multinomial count data"
 * (NeurIPS 2022, arXiv:2011.03567), for two cells: the Bayes factor of a Beta-binomial against the expected share is
 * a martingale when that share is true, so by Ville's inequality it ever exceeds 1/p with a chance of at most p.
 */

/** A false alarm in at most one of two hundred steps; its only effect is a hold. */
const alpha = 0.005
/** Weight of the prior around the expected share: most sensitive to mismatches of a few percent. */
const priorSessions = 400

export interface SampleRatio {
  readonly expected: number
  readonly found: number | null
  readonly pValue: number
  readonly mismatch: boolean
}

/** `expected`: the share of the treatment among both cohorts, above 0 and below 1. */
export const sampleRatio = (treatment: number, control: number, expected: number): SampleRatio => {
  const total = treatment + control
  const a = priorSessions * expected
  const b = priorSessions - a
  const logFactor =
    logBeta(a + treatment, b + control) -
    logBeta(a, b) -
    treatment * Math.log(expected) -
    control * Math.log(1 - expected)
  const pValue = Math.min(1, Math.exp(-logFactor))
  return { expected, found: total === 0 ? null : treatment / total, pValue, mismatch: pValue <= alpha }
}

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b)

/** Stirling's series, after moving the argument up to where three terms are exact to 1e-10. */
const logGamma = (x: number): number => {
  let shift = 0
  while (x < 10) shift -= Math.log(x++)
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5)
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series
}
