/**
 * The append-only log of one live run. One writer (the run's fiber), any number of readers, each a cursor: a slow reader
 * holds a number, never a queue, and cannot slow the run down. A long log forgets its oldest entries once the store has
 * them; readers that are so far behind read them there (`recording/RunPages`).
 *
 * Invariant: `seq` is 1, 2, 3 …; the one terminal event is last, and there is always room for it.
 */
import * as Effect from "effect/Effect"
import { eventId } from "../domain/EventId.ts"
import type { Draft, Message } from "../protocol/agent2ui/Message.ts"
import { heapBytes } from "../platform/HeapBytes.ts"
import type { RunId } from "../domain/Ids.ts"
import type { RunDone, RunError } from "../domain/Run.ts"
import { isTerminal, type LogEntry, type RunEvent } from "./RunEvent.ts"

/** An honest turn has hundreds of events and some 100 KB; a hundred times that is a runaway upstream. */
export const maxEvents = 50_000
export const maxBytes = 16 * 1024 * 1024

/** No event of a log has a higher number, so it can stand for a terminal event whose own number is unknown. */
export const highestSeq = maxEvents + 1

/** An entry whose JSON was made once, for all readers and the store. */
export interface KeptEntry extends LogEntry {
  readonly json: string
  readonly bytes: number
}

/** Bytes of a frame beside its data, about: the id of an event, and the names of its fields. */
const frameBytes = 72
/** The objects of an entry beside its texts, about. */
const entryHeapBytes = 300
/** Heap of a log from which on it forgets, and heap that it keeps then, for readers that are a little behind. */
const forgetsFrom = 256 * 1024
const keepsAfter = 64 * 1024

/** Heap of an entry, about: the texts of its event, and the same once more as JSON. */
const heapOf = ({ bytes, json }: KeptEntry): number =>
  2 * heapBytes(json, bytes - frameBytes) + entryHeapBytes

/** Counts the heap that a log holds. */
export interface HeapCounter {
  readonly add: (bytes: number) => void
}

const uncounted: HeapCounter = { add: () => {} }

export class RunLog {
  readonly runId: RunId
  readonly #entries: Array<KeptEntry> = []
  readonly #counter: HeapCounter
  /** Entries that it had and has forgotten. */
  #forgotten = 0
  #bytes = 0
  #heap = 0
  #waiting = new Set<() => void>()
  #atEnd: Array<() => void> = []

  constructor(runId: RunId, counter: HeapCounter = uncounted) {
    this.runId = runId
    this.#counter = counter
  }

  get lastSeq(): number {
    return this.#forgotten + this.#entries.length
  }

  /** Bytes of all its frames so far. */
  get bytes(): number {
    return this.#bytes
  }

  get ended(): boolean {
    const last = this.#entries.at(-1)
    return last !== undefined && isTerminal(last.event)
  }

  /**
   * Adds messages with their envelopes; `at` is epoch milliseconds. Readers are woken once for all of them, so that what came
   * together is written together. Gives how many were added: fewer when the log is full, none when it has ended.
   */
  messages(drafts: ReadonlyArray<Draft>, at: number): number {
    if (this.ended) return 0
    const timestamp = new Date(at).toISOString()
    let added = 0
    while (added < drafts.length && this.lastSeq < maxEvents && this.#bytes < maxBytes) {
      const { data, metadata, type } = drafts[added]!
      const message = { id: eventId(this.runId, this.lastSeq + 1), type, data, timestamp }
      this.#append({
        event: "message",
        data: (metadata === undefined ? message : { ...message, metadata }) as Message,
      })
      added += 1
    }
    if (added > 0) this.#wake()
    return added
  }

  /** Adds one message; false when it was not added. */
  message(draft: Draft, at: number): boolean {
    return this.messages([draft], at) === 1
  }

  /** Adds the terminal event. The second of two is ignored: the first one wins. */
  end(
    event:
      | { readonly event: "done"; readonly data: RunDone }
      | { readonly event: "error"; readonly data: RunError },
  ): void {
    if (this.ended) return
    this.#append(event)
    this.#wake()
  }

  /** Adds what another log of the run has; entries that are here already are passed over, and so are those behind a gap. */
  copy(entries: ReadonlyArray<LogEntry>): void {
    const before = this.lastSeq
    for (const { event, seq } of entries) {
      if (!this.ended && seq === this.lastSeq + 1) this.#append(event)
    }
    if (this.lastSeq > before) this.#wake()
  }

  /** True when it has forgotten nothing after `after`. */
  holds(after: number): boolean {
    return after >= this.#forgotten
  }

  /**
   * Entries with `seq` > `after`: all of them, or as many as come to about `bytes`, and at least one. Forgotten entries
   * are left out: ask `holds` first, or read the store.
   */
  read(after: number, bytes = Number.POSITIVE_INFINITY): ReadonlyArray<KeptEntry> {
    const start = Math.max(0, after - this.#forgotten)
    let end = start
    for (let size = 0; end < this.#entries.length && (end === start || size < bytes); end++) {
      size += this.#entries[end]!.bytes
    }
    return this.#entries.slice(start, end)
  }

  /** The store has the entries up to `seq`: a long log forgets the oldest of them, and never the last one. */
  stored(seq: number): void {
    if (this.#heap <= forgetsFrom) return
    const most = Math.min(seq - this.#forgotten, this.#entries.length - 1)
    let count = 0
    let left = this.#heap
    while (count < most && left > keepsAfter) left -= heapOf(this.#entries[count++]!)
    this.#entries.splice(0, count)
    this.#forgotten += count
    this.#counter.add(left - this.#heap)
    this.#heap = left
  }

  /** Calls `listener` once, at the next entry. Gives the way to take it back. */
  onNext(listener: () => void): () => void {
    this.#waiting.add(listener)
    return () => {
      this.#waiting.delete(listener)
    }
  }

  /** Succeeds when there is an entry with `seq` > `after`. */
  readonly changed = (after: number): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      if (this.lastSeq > after) return resume(Effect.void)
      return Effect.sync(this.onNext(() => resume(Effect.void)))
    })

  /** Succeeds when the log has ended, and wakes no reader before. */
  readonly whenEnded: Effect.Effect<void> = Effect.callback<void>((resume) => {
    if (this.ended) return resume(Effect.void)
    const wake = () => resume(Effect.void)
    this.#atEnd.push(wake)
    return Effect.sync(() => {
      this.#atEnd = this.#atEnd.filter((waiting) => waiting !== wake)
    })
  })

  #append(event: RunEvent): void {
    const json = JSON.stringify(event.data)
    const bytes = Buffer.byteLength(json) + frameBytes
    const entry = { seq: this.lastSeq + 1, event, json, bytes }
    const heap = heapOf(entry)
    this.#entries.push(entry)
    this.#bytes += bytes
    this.#heap += heap
    this.#counter.add(heap)
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const wake of waiting) wake()
    if (!this.ended) return
    const atEnd = this.#atEnd
    this.#atEnd = []
    for (const wake of atEnd) wake()
  }
}
