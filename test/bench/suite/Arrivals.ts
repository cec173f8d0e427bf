/** The arrivals of an open load: independent users, who do not wait for the answers of others. */

/** Mulberry32: the same numbers for the same seed, between 0 and 1. */
export const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

/** A Poisson process: the milliseconds from the start to each arrival within `seconds`. */
export const arrivals = (perSecond: number, seconds: number, random: () => number): ReadonlyArray<number> => {
  const times: Array<number> = []
  for (let at = 0; ;) {
    at += (-Math.log(1 - random()) * 1000) / perSecond
    if (at >= seconds * 1000) return times
    times.push(at)
  }
}
