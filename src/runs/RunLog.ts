/**
 * The append-only log of one live run. One writer (the run's fiber), any number of readers, each a cursor: a slow reader
 * holds a number, never a queue, and cannot slow the run down. Memory is bounded by the log's own caps.
 *
 * Invariant: `seq` is 1, 2, 3 …; the one terminal event is last, and there is always room for it.
 */
import * as Effect from "effect/Effect"
import { encode, eventId } from "../agent2ui/Frame.ts"
import type { Draft, Message } from "../agent2ui/Message.ts"
import type { RunId } from "../domain/Ids.ts"
import type { RunDone, RunError } from "../domain/Run.ts"
import { isTerminal, type LogEntry, type RunEvent } from "./RunEvent.ts"

/** An honest turn has hundreds of events and some 100 KB; a hundred times that is a runaway upstream. */
export const maxEvents = 50_000
export const maxBytes = 16 * 1024 * 1024

export interface FramedEntry extends LogEntry {
  /** The entry as SSE of the current protocol, encoded once for all readers. */
  readonly frame: Uint8Array
}

export class RunLog {
  readonly runId: RunId
  readonly #entries: Array<FramedEntry> = []
  #bytes = 0
  #waiting: Array<() => void> = []
  #atEnd: Array<() => void> = []

  constructor(runId: RunId) {
    this.runId = runId
  }

  get lastSeq(): number {
    return this.#entries.length
  }

  get ended(): boolean {
    const last = this.#entries.at(-1)
    return last !== undefined && isTerminal(last.event)
  }

  /** Adds a message with its envelope; `at` is epoch milliseconds. False when the log is full or has ended: nothing was added. */
  message(draft: Draft, at: number): boolean {
    if (this.ended || this.#entries.length >= maxEvents || this.#bytes >= maxBytes) return false
    const { metadata, ...said } = draft
    const message = {
      id: eventId(this.runId, this.lastSeq + 1),
      ...said,
      timestamp: new Date(at).toISOString(),
      ...(metadata === undefined ? {} : { metadata }),
    }
    this.#append({ event: "message", data: message as Message })
    return true
  }

  /** Adds the terminal event. The second of two is ignored: the first one wins. */
  end(
    event:
      | { readonly event: "done"; readonly data: RunDone }
      | { readonly event: "error"; readonly data: RunError },
  ): void {
    if (!this.ended) this.#append(event)
  }

  /** Adds what another log of the run has; entries that are here already are passed over, and so are those behind a gap. */
  copy(entries: ReadonlyArray<LogEntry>): void {
    for (const { event, seq } of entries) {
      if (!this.ended && seq === this.lastSeq + 1) this.#append(event)
    }
  }

  /** Entries with `seq` > `after`: all of them, or as many as come to about `bytes`, and at least one. */
  read(after: number, bytes = Number.POSITIVE_INFINITY): ReadonlyArray<FramedEntry> {
    let end = after
    for (let size = 0; end < this.#entries.length && (end === after || size < bytes); end++) {
      size += this.#entries[end]!.frame.byteLength
    }
    return this.#entries.slice(after, end)
  }

  /** Calls `listener` once, at the next entry. Gives the way to take it back. */
  onNext(listener: () => void): () => void {
    this.#waiting.push(listener)
    return () => {
      this.#waiting = this.#waiting.filter((waiting) => waiting !== listener)
    }
  }

  /** Succeeds when there is an entry with `seq` > `after`. */
  readonly changed = (after: number): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      if (this.lastSeq > after) return resume(Effect.void)
      return Effect.sync(this.onNext(() => resume(Effect.void)))
    })

  /** Succeeds when the log has ended, and wakes nobody before. */
  readonly whenEnded: Effect.Effect<void> = Effect.callback<void>((resume) => {
    if (this.ended) return resume(Effect.void)
    const wake = () => resume(Effect.void)
    this.#atEnd.push(wake)
    return Effect.sync(() => {
      this.#atEnd = this.#atEnd.filter((waiting) => waiting !== wake)
    })
  })

  #append(event: RunEvent): void {
    const seq = this.lastSeq + 1
    const frame = encode(eventId(this.runId, seq), event.event, event.data)
    this.#entries.push({ seq, event, frame })
    this.#bytes += frame.byteLength
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
    if (!isTerminal(event)) return
    for (const wake of this.#atEnd) wake()
    this.#atEnd = []
  }
}
