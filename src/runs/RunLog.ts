/**
 * The append-only log of one live run. It has one writer (the run's fiber) and any number of readers. A reader is a cursor,
 * never a queue, so a slow reader cannot slow the run down. A long log drops its oldest entries once the store has them;
 * readers that are far behind read them from the store (`store/RunPages`).
 *
 * Invariant: `seq` is 1, 2, 3 …; the one terminal event is last, and there is always room for it.
 */
import * as Effect from "effect/Effect"
import { eventId } from "../domain/EventId.ts"
import { type Draft, envelop } from "../protocol/agent2ui/Message.ts"
import { heapBytes } from "../platform/HeapBytes.ts"
import type { RunId } from "../domain/Ids.ts"
import type { RunDone, RunError } from "../domain/Run.ts"
import { isTerminal, type LogEntry, type RunEvent } from "./RunEvent.ts"

/** A normal turn has hundreds of events and about 100 KB; a hundred times that is a runaway upstream. */
export const maxEvents = 50_000
export const maxBytes = 16 * 1024 * 1024

/** The highest possible number of an event. It stands for a terminal event whose number is unknown. */
export const highestSeq = maxEvents + 1

/** An entry with its JSON, which all readers and the store share. */
export interface SerializedEntry extends LogEntry {
  readonly json: string
  readonly bytes: number
}

/** Approximate bytes of a frame without its data: the event's id and the names of its fields. */
const frameBytes = 72
/** Approximate heap of an entry without its texts. */
const entryHeapBytes = 300
/** A log with more heap than this drops entries. */
const dropAbove = 256 * 1024
/** The heap that remains then, for readers that are slightly behind. */
const remainingHeap = 64 * 1024

/** Approximate heap of an entry: the texts of its event, and the same texts as JSON. */
const heapOf = ({ bytes, json }: SerializedEntry): number =>
  2 * heapBytes(json, bytes - frameBytes) + entryHeapBytes

/** Counts the heap that a log holds. */
interface HeapCounter {
  readonly add: (bytes: number) => void
}

const uncounted: HeapCounter = { add: () => {} }

export class RunLog {
  readonly runId: RunId
  readonly #entries: Array<SerializedEntry> = []
  readonly #counter: HeapCounter
  /** The number of dropped entries. */
  #dropped = 0
  #bytes = 0
  #heap = 0
  #waiting = new Set<() => void>()
  #atEnd: Array<() => void> = []

  constructor(runId: RunId, counter: HeapCounter = uncounted) {
    this.runId = runId
    this.#counter = counter
  }

  get lastSeq(): number {
    return this.#dropped + this.#entries.length
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
   * Adds messages with their envelopes; `at` is epoch milliseconds. Wakes the readers once for all messages, so that they are
   * written together. Gives the number of added messages: fewer when the log is full, none when it has ended.
   */
  messages(drafts: ReadonlyArray<Draft>, at: number): number {
    if (this.ended) return 0
    const timestamp = new Date(at).toISOString()
    let added = 0
    while (added < drafts.length && this.lastSeq < maxEvents && this.#bytes < maxBytes) {
      const message = envelop(drafts[added]!, eventId(this.runId, this.lastSeq + 1), timestamp)
      this.#append({ event: "message", data: message })
      added += 1
    }
    if (added > 0) this.#wake()
    return added
  }

  /** Adds one message. Gives false when it was not added. */
  message(draft: Draft, at: number): boolean {
    return this.messages([draft], at) === 1
  }

  /** Adds the terminal event. Ignores a second one. */
  end(
    event:
      | { readonly event: "done"; readonly data: RunDone }
      | { readonly event: "error"; readonly data: RunError },
  ): void {
    if (this.ended) return
    this.#append(event)
    this.#wake()
  }

  /** Adds entries of another log of the same run. Skips entries that are already here and entries after a gap. */
  copy(entries: ReadonlyArray<LogEntry>): void {
    const before = this.lastSeq
    for (const { event, seq } of entries) {
      if (!this.ended && seq === this.lastSeq + 1) this.#append(event)
    }
    if (this.lastSeq > before) this.#wake()
  }

  /** True when no entry after `after` was dropped. */
  holds(after: number): boolean {
    return after >= this.#dropped
  }

  /**
   * Entries with `seq` > `after`: at least one, and as many as fit into about `bytes`. Dropped entries are missing: check
   * `holds` first, or read the store.
   */
  read(after: number, bytes = Number.POSITIVE_INFINITY): ReadonlyArray<SerializedEntry> {
    const start = Math.max(0, after - this.#dropped)
    let end = start
    for (let size = 0; end < this.#entries.length && (end === start || size < bytes); end++) {
      size += this.#entries[end]!.bytes
    }
    return this.#entries.slice(start, end)
  }

  /** Marks the entries up to `seq` as stored. A long log drops the oldest of them, but never its last entry. */
  stored(seq: number): void {
    if (this.#heap <= dropAbove) return
    const most = Math.min(seq - this.#dropped, this.#entries.length - 1)
    let count = 0
    let left = this.#heap
    while (count < most && left > remainingHeap) left -= heapOf(this.#entries[count++]!)
    this.#entries.splice(0, count)
    this.#dropped += count
    this.#counter.add(left - this.#heap)
    this.#heap = left
  }

  /** Calls `listener` once, at the next entry. Returns a function that removes the listener. */
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

  /** Succeeds when the log has ended. Unlike `changed`, it does not wake for other entries. */
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
