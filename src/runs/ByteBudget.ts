/**
 * The memory of all live runs, and the rule for when it runs short. From three quarters of the limit on the run that holds the
 * most is ended, if it is larger than an honest one can be. From seven eighths on no turn begins. Above the limit the run that
 * holds the most is ended, whatever its size, and no run says more. Plain work, changed in place.
 *
 * A run that is ending holds its bytes until it has ended. No other run is ended for bytes that are on their way out.
 */
import * as IntrusiveList from "../platform/IntrusiveList.ts"

/** Parts of the limit. */
const runawaysEndFrom = 0.75
const shortFrom = 0.875
/** Bytes of a run that honest turns do not reach: they have about 100 KB. */
export const runawayBytes = 2 * 1024 * 1024

const isRunaway = ({ bytes, end }: Share): boolean => end !== undefined && bytes >= runawayBytes

/** The bytes of one run. */
export class Share implements IntrusiveList.Links<Share> {
  older: Share | undefined = undefined
  newer: Share | undefined = undefined
  readonly #budget: ByteBudget
  /** Ends the run. Undefined while the run cannot be ended. */
  end: (() => void) | undefined = undefined
  bytes = 0

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  /** Counts bytes that have come. A negative number counts bytes that have gone. */
  add(bytes: number): void {
    this.#budget.add(this, bytes)
  }

  /** From now on the run may be ended, once, by `end`. */
  mayEnd(end: () => void): void {
    this.#budget.mayEnd(this, end)
  }

  /** The run is ending, whatever the reason. */
  settle(): void {
    this.#budget.settle(this)
  }

  /** The run has ended, and holds nothing. */
  leave(): void {
    this.#budget.leave(this)
  }
}

export class ByteBudget {
  readonly #limit: number
  readonly #shares = IntrusiveList.empty<Share>()
  #total = 0
  /** Bytes of runs that cannot be ended: as a rule they are ending. */
  #leaving = 0
  #ended = 0
  /** Runs that may be ended and are larger than an honest one. */
  #runaways = 0
  #waiting: Array<() => void> = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes of all runs. */
  get total(): number {
    return this.#total
  }

  /** The number of runs that were ended because memory was short. */
  get ended(): number {
    return this.#ended
  }

  /** No turn may begin. */
  get isShort(): boolean {
    return this.#total >= shortFrom * this.#limit
  }

  /** No run may say more. */
  get isFull(): boolean {
    return this.#total > this.#limit
  }

  enter(): Share {
    const share = new Share(this)
    IntrusiveList.append(this.#shares, share)
    return share
  }

  add(share: Share, bytes: number): void {
    const before = isRunaway(share)
    share.bytes += bytes
    this.#total += bytes
    if (share.end === undefined) this.#leaving += bytes
    this.#runaways += Number(isRunaway(share)) - Number(before)
    if (bytes > 0) this.#endBiggest()
    else this.#wake()
  }

  mayEnd(share: Share, end: () => void): void {
    share.end = end
    this.#leaving -= share.bytes
    this.#runaways += Number(isRunaway(share))
  }

  settle(share: Share): void {
    if (share.end === undefined) return
    this.#runaways -= Number(isRunaway(share))
    share.end = undefined
    this.#leaving += share.bytes
  }

  leave(share: Share): void {
    this.settle(share)
    IntrusiveList.remove(this.#shares, share)
    this.#total -= share.bytes
    this.#leaving -= share.bytes
    share.bytes = 0
    this.#wake()
  }

  /** Calls `listener` once, when runs may say more. Gives the way to take it back. */
  onRoom(listener: () => void): () => void {
    this.#waiting.push(listener)
    return () => {
      this.#waiting = this.#waiting.filter((one) => one !== listener)
    }
  }

  #endBiggest(): void {
    while (this.#mustEndOne) {
      const biggest = this.#biggest()
      const end = biggest?.end
      if (biggest === undefined || end === undefined) return
      this.settle(biggest)
      this.#ended += 1
      end()
    }
  }

  get #mustEndOne(): boolean {
    const staying = this.#total - this.#leaving
    return staying > this.#limit || (this.#runaways > 0 && staying > runawaysEndFrom * this.#limit)
  }

  #biggest(): Share | undefined {
    let biggest: Share | undefined
    for (const share of IntrusiveList.each(this.#shares))
      if (share.end !== undefined && share.bytes > (biggest?.bytes ?? 0)) biggest = share
    return biggest
  }

  #wake(): void {
    if (this.#waiting.length === 0 || this.isFull) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}
