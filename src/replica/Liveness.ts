/**
 * Who of the replicas is dead: whose beat has not changed for a while, by the clock of the one who watches. Pure. No two
 * machines' clocks are compared; the beats only count.
 *
 * Time in which the watcher saw nothing does not count: whoever could not look for a while begins anew.
 */
import type { Beat, ReplicaId } from "../platform/Replica.ts"

/** What was seen at the last look. Milliseconds of the watcher's monotonic clock. */
export interface Watches {
  readonly at: number
  /** Since when each beat is what it is. */
  readonly beats: ReadonlyMap<ReplicaId, { readonly beat: number; readonly since: number }>
}

export const none: Watches = { at: Number.NEGATIVE_INFINITY, beats: new Map() }

/** A replica beats every 1.5 s: three beats may be lost. With the looks of both sides a death is known within 9 s. */
export const deadAfterMs = 6000
/** Two looks may be late. */
const longestGapMs = 4500

export const observe = (
  { at, beats: before }: Watches,
  beats: ReadonlyArray<Beat>,
  now: number,
): Watches => ({
  at: now,
  beats: new Map(
    beats.map(({ beat, id }) => {
      const known = now - at <= longestGapMs ? before.get(id) : undefined
      return [id, known?.beat === beat ? known : { beat, since: now }]
    }),
  ),
})

export const dead = ({ beats }: Watches, now: number): ReadonlyArray<Beat> =>
  [...beats].flatMap(([id, { beat, since }]) => (now - since >= deadAfterMs ? [{ id, beat }] : []))
