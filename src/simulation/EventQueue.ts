/** The pending events: a binary heap by time; first in, first out at the same time. */

interface Entry<A> {
  readonly at: number
  readonly order: number
  readonly event: A
}

export class EventQueue<A> {
  private readonly heap: Array<Entry<A>> = []
  private order = 0

  add(at: number, event: A): void {
    const entry = { at, order: this.order++, event }
    let index = this.heap.length
    this.heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.isBefore(entry, this.heap[parent]!)) break
      this.heap[index] = this.heap[parent]!
      index = parent
    }
    this.heap[index] = entry
  }

  /** The time of the next event; infinite if the queue is empty. */
  get nextAt(): number {
    return this.heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  take(): { readonly at: number; readonly event: A } | undefined {
    const first = this.heap[0]
    const last = this.heap.pop()
    if (first !== last && last !== undefined) this.sink(last)
    return first
  }

  private isBefore(a: Entry<A>, b: Entry<A>): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  private sink(entry: Entry<A>): void {
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= this.heap.length) break
      if (child + 1 < this.heap.length && this.isBefore(this.heap[child + 1]!, this.heap[child]!)) child += 1
      if (!this.isBefore(this.heap[child]!, entry)) break
      this.heap[index] = this.heap[child]!
      index = child
    }
    this.heap[index] = entry
  }
}
