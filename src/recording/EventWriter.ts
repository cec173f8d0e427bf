/**
 * Writes the events of all live runs: one statement for all of them, at most every 25 ms. A commit waits for the
 * disk, so the number of commits must not grow with the number of streams.
 *
 * A failed write is repeated. The end of a run takes its unwritten events along and does not wait for the next round.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Schedule from "effect/Schedule"
import * as IntrusiveList from "../platform/IntrusiveList.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { LogEntry } from "../runs/RunEvent.ts"
import type { SerializedEntry, RunLog } from "../runs/RunLog.ts"
import * as Measure from "../telemetry/Measure.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import type { Runs } from "../store/Runs.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as Loop from "../telemetry/Loop.ts"

/** After a crash, a replay lacks the events of this time. */
const batchDelay = "25 millis"
/** Approximate bytes of one statement. SQLite blocks during it, and the events are in memory twice. */
const mostAtOnce = 1024 * 1024

/** A log with the position up to which it is stored. */
export interface Followed extends IntrusiveList.Links<Followed> {
  readonly log: RunLog
  seq: number
  listening: boolean
}

const lastSeq = (entries: ReadonlyArray<{ readonly seq: number }>): number => entries.at(-1)?.seq ?? 0

export const make = Effect.fnUntraced(function* (runs: Runs["Service"]) {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const followed = IntrusiveList.empty<Followed>()
  yield* catalogue.eventQueue.observe({}, () => {
    let waiting = 0
    for (const { log, seq } of IntrusiveList.each(followed)) waiting += log.lastSeq - seq
    return waiting
  })
  const dirty = yield* Latch.make(false)

  const listen = (one: Followed): void => {
    if (one.listening) return
    one.listening = true
    one.log.onNext(() => {
      one.listening = false
      dirty.openUnsafe()
    })
  }

  const write = (batches: ReadonlyArray<Followed>): Effect.Effect<void, StoreError> => {
    let left = mostAtOnce
    const waiting: Array<{ readonly one: Followed; readonly entries: ReadonlyArray<SerializedEntry> }> = []
    for (const one of batches) {
      if (one.log.lastSeq === one.seq) continue
      // The next round writes the rest.
      if (left <= 0) {
        dirty.openUnsafe()
        break
      }
      const entries = one.log.read(one.seq, left)
      left -= entries.reduce((sum, { bytes }) => sum + bytes, 0)
      waiting.push({ one, entries })
    }
    if (waiting.length === 0) return Effect.void
    const all = runs.append(waiting.map(({ entries, one }) => ({ id: one.log.runId, entries })))
    const began = monotonicMillis(clock)
    return Effect.flatMap(all, () => {
      for (const { entries, one } of waiting) {
        one.seq = Math.max(one.seq, lastSeq(entries))
        one.log.stored(one.seq)
        if (one.log.lastSeq > one.seq) dirty.openUnsafe()
      }
      return Measure.eventsWritten(monotonicMillis(clock) - began)
    })
  }

  const round = Effect.suspend(() => {
    dirty.closeUnsafe()
    const all = [...IntrusiveList.each(followed)]
    for (const one of all) listen(one)
    return write(all)
  })

  const batch = dirty.await.pipe(
    Effect.andThen(Effect.sleep(batchDelay)),
    Effect.andThen(round),
    Effect.tapCause(() => dirty.open),
  )
  yield* Loop.every("event_writer", Schedule.forever, batch)

  const follow = (log: RunLog): Followed => {
    const one: Followed = { log, seq: 0, listening: false, older: undefined, newer: undefined }
    IntrusiveList.append(followed, one)
    if (log.lastSeq > 0) dirty.openUnsafe()
    listen(one)
    return one
  }

  /** Stops following the log and returns its unwritten events, which the run's end writes. */
  const release = (one: Followed): ReadonlyArray<LogEntry> => {
    IntrusiveList.remove(followed, one)
    return one.log.read(one.seq)
  }

  return { follow, release }
})
