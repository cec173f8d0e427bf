/**
 * Copies of the logs of other replicas' runs. One fiber feeds all of them from Redis, with one command for sixteen logs. If a
 * stream lacks the run's end, because its replica died or Redis lost it, the end is read from the store.
 *
 * A copy exists while it has a reader and has not ended. Without copies, there are no queries.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Schedule from "effect/Schedule"
import type * as Redis from "effect/persistence/Redis"
import * as TerminalEvent from "../runs/TerminalEvent.ts"
import type { RunId } from "../domain/Ids.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { Run } from "../domain/Run.ts"
import type { Runs } from "../store/Runs.ts"
import { RunLog } from "../runs/RunLog.ts"
import * as RunChannel from "./RunChannel.ts"
import * as RunStream from "./RunStream.ts"
import * as Loop from "../telemetry/Loop.ts"

const pollDelay = "25 millis"
const announceEveryMs = 1000
/** A copy without a reader lives this long: a reader may come back, and a new reader attaches a moment after the lookup. */
const lingerMs = 5000
/** The store is queried about a run with a silent stream. The first query is early, because the run may have just ended. */
const firstQueryMs = 100
const queryEveryMs = 2000

interface RemoteRun {
  readonly log: RunLog
  readers: number
  /** The time when the last reader left, or the time of creation. */
  unreadSince: number
  queryAt: number
}

export const make = Effect.fnUntraced(function* (redis: Redis.Redis["Service"], runs: Runs["Service"]) {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const remoteRuns = new Map<RunId, RemoteRun>()
  const notEmpty = yield* Latch.make(false)
  let announceAt = 0

  const add = (id: RunId): RemoteRun => {
    const now = monotonicMillis(clock)
    const remoteRun: RemoteRun = {
      log: new RunLog(id),
      readers: 0,
      unreadSince: now,
      queryAt: now + firstQueryMs,
    }
    remoteRuns.set(id, remoteRun)
    notEmpty.openUnsafe()
    return remoteRun
  }

  const attach = (remoteRun: RemoteRun) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        remoteRun.readers += 1
      }),
      () =>
        Effect.sync(() => {
          remoteRun.readers -= 1
          remoteRun.unreadSince = monotonicMillis(clock)
        }),
    )

  /** Drops ended and unread runs. The readers of an ended run hold its log. */
  const dropUnused = (now: number): void => {
    for (const [id, { log, readers, unreadSince }] of remoteRuns) {
      if (log.ended || (readers === 0 && now - unreadSince > lingerMs)) remoteRuns.delete(id)
    }
    if (remoteRuns.size === 0) notEmpty.closeUnsafe()
  }

  const announceReadings = (now: number) => {
    if (now < announceAt) return Effect.void
    announceAt = now + announceEveryMs
    const read = [...remoteRuns].filter(([, { readers }]) => readers > 0).map(([id]) => id)
    return read.length === 0 ? Effect.void : RunChannel.publish(redis, { _tag: "Reading", runs: read })
  }

  const poll = Effect.gen(function* () {
    const now = monotonicMillis(clock)
    dropUnused(now)
    const all = [...remoteRuns.values()]
    const before = all.map(({ log }) => log.lastSeq)
    yield* announceReadings(now)
    const more = yield* RunStream.read(
      redis,
      all.map(({ log }) => log),
    )
    all.forEach(({ log }, index) => {
      if (log.lastSeq === before[index]!) return
      all[index]!.queryAt = now + queryEveryMs
      // The executing replica stores the entries that it shares. A reader that is far behind waits for the store.
      log.stored(log.lastSeq)
    })
    return more
  })

  /** Adds the stored rest of an ended run, then its end, even if some events were never stored. */
  const finish = (run: Run) =>
    Effect.gen(function* () {
      const log = remoteRuns.get(run.id)?.log
      const terminal = TerminalEvent.terminalOf(run)
      if (log === undefined || terminal === undefined) return
      for (let page = yield* runs.events(run.id, log.lastSeq); page.length > 0;) {
        const before = log.lastSeq
        log.copy(page)
        log.stored(log.lastSeq)
        page = log.lastSeq > before ? yield* runs.events(run.id, log.lastSeq) : []
      }
      log.end(terminal)
    })

  /** Its events are no longer read. */
  const endDeleted = (id: RunId): void => {
    const log = remoteRuns.get(id)?.log
    if (log !== undefined && !log.ended)
      log.end({ event: "error", data: TerminalEvent.cancelledError({ id, traceId: null }) })
  }

  const queryEnds = Effect.suspend(() => {
    const now = monotonicMillis(clock)
    const due = [...remoteRuns].filter(([, { queryAt }]) => queryAt <= now)
    if (due.length === 0) return Effect.void
    for (const [, remoteRun] of due) remoteRun.queryAt = now + queryEveryMs
    const ids = due.map(([id]) => id)
    return Effect.andThen(
      Effect.flatMap(runs.ended(ids), (ended) => Effect.forEach(ended, finish, { discard: true })),
      Effect.map(runs.deleted(ids), (deleted) => deleted.forEach(endDeleted)),
    )
  })

  const pollAll = notEmpty.await.pipe(
    Effect.andThen(poll),
    // The Redis client logs an outage. Until Redis is back, only the store is asked.
    Effect.orElseSucceed(() => false),
    Effect.repeat({ while: (more) => more }),
  )
  yield* Loop.every("remote_run_logs", Schedule.spaced(pollDelay), pollAll)
  yield* Loop.every(
    "remote_run_ends",
    Schedule.spaced(firstQueryMs),
    Effect.andThen(notEmpty.await, queryEnds),
  )

  return {
    follow: (id: RunId) =>
      Effect.sync(() => {
        const remoteRun = remoteRuns.get(id) ?? add(id)
        return { log: remoteRun.log, attach: attach(remoteRun) }
      }),
  }
})
