/**
 * The total speed of large runs and of their replays. Without it, an upstream that writes as fast as it is read would take
 * the whole process from other users; models write a thousandth of this. Mutable, without Effects; times are monotonic
 * milliseconds.
 */

/** The first bytes of a run are not slowed down. A normal turn has fewer. */
export const freeBytes = 256 * 1024
/** Bytes per millisecond of an idle process. One process can read, store and write about 20 MiB a second. */
const fastest = (16 * 1024 * 1024) / 1000
/** Bytes per millisecond of a fully busy process: a run must still end. */
const slowest = (1024 * 1024) / 1000

export class PaceRule {
  #freeAt = Number.NEGATIVE_INFINITY

  /** Takes bytes while the process is idle for the fraction `idle` of its time. Gives the milliseconds to wait before the next bytes. */
  take(bytes: number, now: number, idle: number): number {
    this.#freeAt = Math.max(now, this.#freeAt) + bytes / Math.max(slowest, fastest * idle)
    return this.#freeAt - now
  }
}
