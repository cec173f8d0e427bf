/** The sizes that upstreams, load and lanes agree on. */

/** Parts of an answer. */
export const deltas = { burst: 50, paced: 64 } as const
export const paceMs = 20
