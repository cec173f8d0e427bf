/**
 * Detects dead replicas. A replica is dead when its beat has not changed for a while by the watcher's clock. Pure. Beats are
 * counters, so clocks of different machines are never compared.
 *
 * After a gap in its own observations, the watcher starts again: time without observations does not count.
 */
import type { Beat, ReplicaId } from "../platform/Replica.ts"

/** The last observation. Times are milliseconds of the watcher's monotonic clock. */
interface Watches {
  readonly at: number
  /** Each replica's beat, and the time since when it has not changed. */
  readonly beats: ReadonlyMap<ReplicaId, { readonly beat: number; readonly since: number }>
}

export const none: Watches = { at: Number.NEGATIVE_INFINITY, beats: new Map() }

/** A replica beats every 1.5 s: three beats may be lost. With the periods of both sides, a death is known within 9 s. */
export const deadAfterMs = 6000
/** The longest gap between two observations: two may be missing. */
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
