/**
 * Who of the replicas is dead: whose beat has not changed for a while, by the clock of the one who watches. Pure. No two
 * machines' clocks are compared; the beats only count.
 *
 * Time in which the watcher saw nothing does not count: whoever could not look begins anew, with no watches.
 */
import type { ReplicaId } from "../persistence/Replica.ts"

export interface Beat {
  readonly id: ReplicaId
  readonly beat: number
}

/** When each beat was first seen, in milliseconds of the watcher's monotonic clock. */
export type Watches = ReadonlyMap<ReplicaId, { readonly beat: number; readonly since: number }>

export const none: Watches = new Map()

/** A replica beats every 1.5 s: three beats may be lost. With the looks of both sides a death is known within 9 s. */
export const deadAfterMs = 6000

export const observe = (before: Watches, beats: ReadonlyArray<Beat>, now: number): Watches =>
  new Map(
    beats.map(({ beat, id }) => {
      const known = before.get(id)
      return [id, known?.beat === beat ? known : { beat, since: now }]
    }),
  )

export const dead = (watches: Watches, now: number): ReadonlyArray<Beat> =>
  [...watches].flatMap(([id, { beat, since }]) => (now - since >= deadAfterMs ? [{ id, beat }] : []))
