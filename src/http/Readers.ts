/**
 * The connections that read live runs, as far as they have something in common: each gets a heartbeat when nothing was written
 * to it for a while, and a last event when its token ends or the server closes; how far they are behind is measured. None of
 * this takes a fiber or a timer per connection.
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
  /** The last event that it has taken. */
  seq: number
  /** Nothing was written to it for the interval. */
  isDue: boolean
  /** When its token or API key ends, epoch milliseconds. A revocation changes the answer. */
  readonly until: () => number
  /** Its token has ended. */
  isExpired: boolean
  /** Tells it to look again, when it waits. */
  wake: () => void
}

export interface Readers {
  /** The pause of a reader after so many bytes of a replay, the last of them now. */
  readonly pace: Pace["Service"]["wait"]
  readonly enter: (reader: Reader) => void
  readonly leave: (reader: Reader) => void
  readonly wrote: (reader: Reader) => void
  /** The server closes: nothing more will come. */
  readonly isClosing: () => boolean
}

/** How late a reader's end may be. A look at ten thousand readers takes well under a millisecond. */
const expiryPeriod = "1 second"

export const make = Effect.fnUntraced(function* (
  heartbeatMs: number,
  closing: Effect.Effect<void>,
  pace: Pace["Service"]["wait"],
): Effect.fn.Return<Readers, never, Scope.Scope> {
  const clock = yield* Clock.clockWith(Effect.succeed)
  let closes = false

  const quiet = yield* IdleTimers.make(heartbeatMs, (reader: Reader) => {
    // At once, not as an effect: a reader that left meanwhile would come back, for ever.
    reader.isDue = true
    quiet.touch(reader)
    reader.wake()
    return Effect.void
  })
  const close = Effect.sync(() => {
    closes = true
    // All are found first: a woken reader writes, which moves it to the end.
    const open = [...quiet.all()]
    for (const reader of open) reader.wake()
  })
  yield* Effect.forkScoped(Effect.andThen(closing, close))
  // By the wall clock, as tokens are. All are found first, as above.
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
