/** The sizes that upstreams, load and lanes share. */

/** Parts of an answer. */
export const deltas = { burst: 50, paced: 64 } as const
export const paceMs = 20
/** The size of a flood without a cut: several times the cap of a run. */
export const floodBytes = 64 * 1024 * 1024
