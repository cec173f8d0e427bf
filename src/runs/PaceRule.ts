/**
 * The speed at which large runs go on and are replayed, all of them together. An upstream that writes as fast as it is read
 * would take the whole process from other users; models write a thousandth of this. Pure, changed in place; times are
 * monotonic milliseconds.
 */

/** Bytes of one run that are not slowed down: more than an honest turn has. */
export const freeBytes = 256 * 1024
/** With nothing else to do. One process can read, store and write about 20 MiB a second. */
const fastest = (16 * 1024 * 1024) / 1000
/** However busy the process is: a run must end. */
const slowest = (1024 * 1024) / 1000

export class PaceRule {
  #freeAt = Number.NEGATIVE_INFINITY

  /** Takes bytes while the process is idle for a part `idle` of its time. Gives the milliseconds to wait before the next. */
  take(bytes: number, now: number, idle: number): number {
    this.#freeAt = Math.max(now, this.#freeAt) + bytes / Math.max(slowest, fastest * idle)
    return this.#freeAt - now
  }
}
