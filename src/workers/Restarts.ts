/** The wait before a worker that ended is replaced. Pure. */

/** After this time of life an end is a new trouble, not the same one again. */
const longLifeMs = 60_000
const firstPauseMs = 500
const longestPauseMs = 30_000

/** `before`: its ends in a row so far. */
export const endsInARow = (before: number, livedMs: number): number =>
  livedMs >= longLifeMs ? 1 : before + 1

/** Doubles with each end in a row: 0.5 s, 1 s, 2 s, at most 30 s. */
export const pauseMs = (ends: number): number => Math.min(longestPauseMs, firstPauseMs * 2 ** (ends - 1))
