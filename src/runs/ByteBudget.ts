/**
 * The memory of all live runs, and the rules for memory shortage. Above 3/4 of the limit, the largest run is ended if it is
 * larger than a normal run can be. Above 7/8, no turn begins. Above the limit, the largest run is ended whatever its size,
 * and no run may produce more. Mutable, without Effects.
 *
 * A run that is ending holds its bytes until it has ended. These bytes do not cause the end of another run.
 */
import * as IntrusiveList from "../platform/IntrusiveList.ts"

/** Fractions of the limit. */
const runawaysEndFrom = 0.75
const shortFrom = 0.875
/** Bytes of a run that normal turns do not reach: they have about 100 KB. */
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

  /** Adds bytes; a negative number removes them. */
  add(bytes: number): void {
    this.#budget.add(this, bytes)
  }

  /** Lets the budget end the run, once, with `end`. */
  mayEnd(end: () => void): void {
    this.#budget.mayEnd(this, end)
  }

  /** Marks the run as ending, for any reason. */
  settle(): void {
    this.#budget.settle(this)
  }

  /** Removes the run and all its bytes. */
  release(): void {
    this.#budget.release(this)
  }
}

export class ByteBudget {
  readonly #limit: number
  readonly #shares = IntrusiveList.empty<Share>()
  #total = 0
  /** Bytes of runs that cannot be ended, usually because they are ending. */
  #ending = 0
  #ended = 0
  /** The number of runs that may be ended and are larger than a normal run. */
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

  /** True while no turn may begin. */
  get isShort(): boolean {
    return this.#total >= shortFrom * this.#limit
  }

  /** True while no run may produce more. */
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
    if (share.end === undefined) this.#ending += bytes
    this.#runaways += Number(isRunaway(share)) - Number(before)
    if (bytes > 0) this.#endBiggest()
    else this.#wake()
  }

  mayEnd(share: Share, end: () => void): void {
    share.end = end
    this.#ending -= share.bytes
    this.#runaways += Number(isRunaway(share))
  }

  settle(share: Share): void {
    if (share.end === undefined) return
    this.#runaways -= Number(isRunaway(share))
    share.end = undefined
    this.#ending += share.bytes
  }

  release(share: Share): void {
    this.settle(share)
    IntrusiveList.remove(this.#shares, share)
    this.#total -= share.bytes
    this.#ending -= share.bytes
    share.bytes = 0
    this.#wake()
  }

  /** Calls `listener` once, when runs may produce more. Returns a function that removes the listener. */
  onRoom(listener: () => void): () => void {
    this.#waiting.push(listener)
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== listener)
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
    const staying = this.#total - this.#ending
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
