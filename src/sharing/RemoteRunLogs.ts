/**
 * Logs of other replicas' runs as they are here: fed from Redis, one fiber for all of them and one command for sixteen,
 * and ended from the store where the stream does not say the end, because its replica died or Redis forgot it.
 *
 * Nothing is asked while there is no reader. A mirror lives as long as it has a reader, or until it has ended.
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
const sayEveryMs = 1000
/** A reader who comes back, and the time between a request and its stream. */
const lingerMs = 5000
/** The store is asked about a run whose stream is silent: soon at first, because it may have ended just before. */
const askFirstMs = 100
const askEveryMs = 2000

interface Mirror {
  readonly log: RunLog
  readers: number
  /** When the last reader left; at first, when it was made. */
  unreadSince: number
  askAt: number
}

export const make = Effect.fnUntraced(function* (redis: Redis.Redis["Service"], runs: Runs["Service"]) {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const mirrors = new Map<RunId, Mirror>()
  const some = yield* Latch.make(false)
  let sayAt = 0

  const made = (id: RunId): Mirror => {
    const now = monotonicMillis(clock)
    const mirror: Mirror = { log: new RunLog(id), readers: 0, unreadSince: now, askAt: now + askFirstMs }
    mirrors.set(id, mirror)
    some.openUnsafe()
    return mirror
  }

  const attach = (mirror: Mirror) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        mirror.readers += 1
      }),
      () =>
        Effect.sync(() => {
          mirror.readers -= 1
          mirror.unreadSince = monotonicMillis(clock)
        }),
    )

  /** Ended ones are their readers' alone. */
  const drop = (now: number): void => {
    for (const [id, { log, readers, unreadSince }] of mirrors) {
      if (log.ended || (readers === 0 && now - unreadSince > lingerMs)) mirrors.delete(id)
    }
    if (mirrors.size === 0) some.closeUnsafe()
  }

  const sayWhatIsRead = (now: number) => {
    if (now < sayAt) return Effect.void
    sayAt = now + sayEveryMs
    const read = [...mirrors].filter(([, { readers }]) => readers > 0).map(([id]) => id)
    return read.length === 0 ? Effect.void : RunChannel.say(redis, { _tag: "Reading", runs: read })
  }

  const poll = Effect.gen(function* () {
    const now = monotonicMillis(clock)
    drop(now)
    const all = [...mirrors.values()]
    const had = all.map(({ log }) => log.lastSeq)
    yield* sayWhatIsRead(now)
    const more = yield* RunStream.read(
      redis,
      all.map(({ log }) => log),
    )
    all.forEach(({ log }, index) => {
      if (log.lastSeq === had[index]!) return
      all[index]!.askAt = now + askEveryMs
      // The replica that executes the run stores what it shares. A reader that is far behind waits for that.
      log.stored(log.lastSeq)
    })
    return more
  })

  /** The rest of a run that has ended; the end comes after what is here, also where some of it was never written. */
  const finish = (run: Run) =>
    Effect.gen(function* () {
      const log = mirrors.get(run.id)?.log
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

  const ask = Effect.suspend(() => {
    const now = monotonicMillis(clock)
    const due = [...mirrors].filter(([, { askAt }]) => askAt <= now)
    if (due.length === 0) return Effect.void
    for (const [, mirror] of due) mirror.askAt = now + askEveryMs
    return Effect.flatMap(runs.ended(due.map(([id]) => id)), (ended) =>
      Effect.forEach(ended, finish, { discard: true }),
    )
  })

  const pollAll = some.await.pipe(
    Effect.andThen(poll),
    // The Redis client logs an outage. Until Redis is back, only the store is asked.
    Effect.orElseSucceed(() => false),
    Effect.repeat({ while: (more) => more }),
  )
  yield* Loop.every("remote_run_logs", Schedule.spaced(pollDelay), pollAll)
  yield* Loop.every("remote_run_ends", Schedule.spaced(askFirstMs), Effect.andThen(some.await, ask))

  return {
    mirror: (id: RunId) =>
      Effect.sync(() => {
        const mirror = mirrors.get(id) ?? made(id)
        return { log: mirror.log, attach: attach(mirror) }
      }),
  }
})
