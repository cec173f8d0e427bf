/**
 * The runs of this process that are read in others: each of them has one more reader here, which writes the log to Redis,
 * from the first event on, every 25 ms at most. A run without a reader elsewhere costs Redis nothing.
 *
 * The log itself, and behind it the store, is the buffer: while Redis is away only the cursor is kept.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redis from "effect/persistence/Redis"
import * as Semaphore from "effect/Semaphore"
import type { RunId } from "../domain/Ids.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import * as RunPages from "../store/RunPages.ts"
import type { Runs } from "../store/Runs.ts"
import type { LiveRuns } from "../runs/LiveRuns.ts"
import type { RunLog } from "../runs/RunLog.ts"
import * as RunStream from "./RunStream.ts"

/** The wait of a reader elsewhere for an event, besides the way there. */
const batchDelay = "25 millis"
const retryDelay = "1 second"
/** A replica says each second what is read there: four of its messages may be lost. */
const patienceMs = 4500
/** Pages on their way to Redis at a time, of all runs: after an outage they come all at once. */
const pagesAtOnce = 16

interface Reader {
  until: number
}

export const make = Effect.fnUntraced(function* (
  redis: Redis.Redis["Service"],
  live: LiveRuns["Service"],
  runs: Runs["Service"],
) {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const scope = yield* Effect.scope
  const permits = yield* Semaphore.make(pagesAtOnce)
  const readers = new Map<RunId, Reader>()
  const patience = () => monotonicMillis(clock) + patienceMs

  const write = (log: RunLog, cursor: number): Effect.Effect<void> =>
    log.changed(cursor).pipe(
      Effect.andThen(
        permits.withPermit(
          Effect.suspend(() => RunStream.write(redis, log, RunPages.ofLog(runs, log), cursor)),
        ),
      ),
      Effect.matchEffect({
        onSuccess: (next) => {
          if (next.more) return write(log, next.cursor)
          if (log.ended && next.cursor === log.lastSeq) return Effect.void
          return Effect.andThen(Effect.sleep(batchDelay), write(log, next.cursor))
        },
        // A run that has ended is in the store: nothing is kept here for the day when Redis is back.
        onFailure: () =>
          log.ended ? Effect.void : Effect.andThen(Effect.sleep(retryDelay), write(log, cursor)),
      }),
    )

  const silence = (reader: Reader): Effect.Effect<void> =>
    Effect.suspend(() => {
      const left = reader.until - monotonicMillis(clock)
      if (left > 0) return Effect.andThen(Effect.sleep(left), silence(reader))
      return Effect.matchEffect(redis.send("PING"), {
        onSuccess: () => Effect.void,
        // Redis carries no word, so silence says nothing. Without this an outage would cancel the runs that are read elsewhere only.
        onFailure: () => {
          reader.until = patience()
          return silence(reader)
        },
      })
    })

  /** These runs are read elsewhere, now. Those of other replicas are none of ours. */
  const heard = (runs: ReadonlyArray<RunId>): Effect.Effect<void> =>
    Effect.forEach(
      runs,
      (id) => {
        const log = live.get(id)
        if (log === undefined) return Effect.void
        const known = readers.get(id)
        if (known !== undefined) {
          known.until = patience()
          return Effect.void
        }
        const reader = { until: patience() }
        readers.set(id, reader)
        return Effect.raceFirst(write(log, 0), silence(reader)).pipe(
          Effect.andThen(Effect.void),
          Effect.ensuring(Effect.sync(() => readers.delete(id))),
          (reading) => Effect.scoped(Effect.andThen(live.attach(log), reading)),
          Effect.forkIn(scope),
        )
      },
      { discard: true },
    )

  return { heard }
})
