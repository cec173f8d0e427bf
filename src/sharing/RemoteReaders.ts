/**
 * Shares this process's runs that other replicas read. Each such run gets one extra reader here, which writes the log to
 * Redis from its first event, at most every 25 ms. A run without a remote reader costs Redis nothing.
 *
 * The log and the store are the buffer: during a Redis outage this reader holds only a cursor.
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

/** The delay of an event for a remote reader, in addition to the network. */
const batchDelay = "25 millis"
const retryDelay = "1 second"
/** A replica repeats its readings every second: four of its messages may be lost. */
const patienceMs = 4500
/** The most pages in flight to Redis, over all runs. After an outage all runs write at once. */
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
        // An ended run is in the store, so it does not wait here for Redis to recover.
        onFailure: () =>
          log.ended ? Effect.void : Effect.andThen(Effect.sleep(retryDelay), write(log, cursor)),
      }),
    )

  const untilSilent = (reader: Reader): Effect.Effect<void> =>
    Effect.suspend(() => {
      const left = reader.until - monotonicMillis(clock)
      if (left > 0) return Effect.andThen(Effect.sleep(left), untilSilent(reader))
      return Effect.matchEffect(redis.send("PING"), {
        onSuccess: () => Effect.void,
        // During a Redis outage silence proves nothing. Without this, an outage would cancel runs with only remote readers.
        onFailure: () => {
          reader.until = patience()
          return untilSilent(reader)
        },
      })
    })

  /** Starts or prolongs the remote readers of these runs. Ignores runs of other replicas. */
  const keep = (runs: ReadonlyArray<RunId>): Effect.Effect<void> =>
    Effect.forEach(
      runs,
      (id) => {
        const log = live.get(id)
        if (log === undefined) return Effect.void
        const existing = readers.get(id)
        if (existing !== undefined) {
          existing.until = patience()
          return Effect.void
        }
        const reader = { until: patience() }
        readers.set(id, reader)
        return Effect.raceFirst(write(log, 0), untilSilent(reader)).pipe(
          Effect.andThen(Effect.void),
          Effect.ensuring(Effect.sync(() => readers.delete(id))),
          (reading) => Effect.scoped(Effect.andThen(live.attach(log), reading)),
          Effect.forkIn(scope),
        )
      },
      { discard: true },
    )

  return { keep }
})
