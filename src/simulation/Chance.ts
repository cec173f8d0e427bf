/**
 * Repeatable random numbers: each depends on the seed, the turn and the purpose only, never on the earlier decisions
 * of a policy. So all policies meet the same arrivals and the same draws (common random numbers), and only the
 * policies differ. Pure.
 */

/** Uniform in [0, 1). 32-bit finaliser of MurmurHash3 over the three numbers. */
export const draw = (seed: number, turn: number, purpose: number): number => {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
  hash = Math.imul((hash ^ (hash >>> 15) ^ turn) | 0, 0xc2b2ae35)
  hash = Math.imul((hash ^ (hash >>> 13) ^ Math.imul(purpose, 0x27d4eb2f)) | 0, 0x165667b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** Standard normal, by Box and Muller. */
const normal = (seed: number, turn: number, purpose: number): number =>
  Math.sqrt(-2 * Math.log(1 - draw(seed, turn, purpose))) *
  Math.cos(2 * Math.PI * draw(seed, turn, purpose + 1))

/** Log-normal with this median; `sigma` of its logarithm. Uses `purpose` and the next number. */
export const logNormal = (
  seed: number,
  turn: number,
  purpose: number,
  median: number,
  sigma: number,
): number => median * Math.exp(sigma * normal(seed, turn, purpose))

/** Exponential with this mean. */
export const exponential = (seed: number, turn: number, purpose: number, mean: number): number =>
  -mean * Math.log(1 - draw(seed, turn, purpose))
