/**
 * The shared work for all connections that read live runs: heartbeats after a silence, the last event when a token
 * expires or the server closes, and the measure of their lag. It needs no fiber and no timer for each connection.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as IdleTimers from "../platform/IdleTimers.ts"
import type { Pace } from "../runs/Pace.ts"
import type { RunLog } from "../runs/RunLog.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import * as Loop from "../telemetry/Loop.ts"

export interface Reader extends IdleTimers.Due<Reader> {
  readonly log: RunLog
  /** The last event that the reader has. */
  seq: number
  /** True after an interval without a write. */
  isDue: boolean
  /** The expiry of its token or API key in epoch milliseconds. A revocation changes it. */
  readonly until: () => number
  /** True after its token has expired. */
  isExpired: boolean
  /** Wakes the reader if it waits. */
  wake: () => void
}

export interface Readers {
  /** The pause of a reader after so many bytes of a replay; the last number counts the current write. */
  readonly pace: Pace["Service"]["wait"]
  readonly enter: (reader: Reader) => void
  readonly leave: (reader: Reader) => void
  readonly wrote: (reader: Reader) => void
  /** True once the server closes and no more events follow. */
  readonly isClosing: () => boolean
}

/** The delay of an expiry. A check of ten thousand readers takes well under a millisecond. */
const expiryPeriod = "1 second"

export const make = Effect.fnUntraced(function* (
  heartbeatMs: number,
  closing: Effect.Effect<void>,
  pace: Pace["Service"]["wait"],
): Effect.fn.Return<Readers, never, Scope.Scope> {
  const clock = yield* Clock.clockWith(Effect.succeed)
  let closes = false

  const quiet = yield* IdleTimers.make(heartbeatMs, (reader: Reader) => {
    // Synchronous: as an effect, a reader that left in between would return forever.
    reader.isDue = true
    quiet.touch(reader)
    reader.wake()
    return Effect.void
  })
  const close = Effect.sync(() => {
    closes = true
    // Collected first, because a woken reader writes, which moves it to the end.
    const open = [...quiet.all()]
    for (const reader of open) reader.wake()
  })
  yield* Effect.forkScoped(Effect.andThen(closing, close))
  // By the wall clock, like tokens. Collected first, as above.
  const expire = Effect.sync(() => {
    const now = clock.currentTimeMillisUnsafe()
    const expired: Array<Reader> = []
    for (const reader of quiet.all()) if (now >= reader.until() && !reader.isExpired) expired.push(reader)
    for (const reader of expired) {
      reader.isExpired = true
      reader.wake()
    }
  })
  yield* Loop.every("reader_expiry", Schedule.spaced(expiryPeriod), expire)
  yield* catalogue.readerLag.observe({}, () => {
    let furthest = 0
    for (const { log, seq } of quiet.all()) furthest = Math.max(furthest, log.lastSeq - seq)
    return furthest
  })

  return {
    pace,
    enter: quiet.touch,
    leave: quiet.remove,
    wrote: quiet.touch,
    isClosing: () => closes,
  }
})
