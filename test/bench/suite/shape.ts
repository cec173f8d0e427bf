/** The sizes that upstreams, load and lanes agree on. */

/** Parts of an answer. */
export const deltas = { burst: 50, paced: 64 } as const
export const paceMs = 20
/** What a flood comes to where nobody ends it: several times what a run may hold. */
export const floodBytes = 64 * 1024 * 1024
