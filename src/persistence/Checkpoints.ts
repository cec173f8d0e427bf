/**
 * Keeps SQLite's write-ahead log short, without a pause of the event loop. A thread copies the log to the database while
 * turns write. Then writes wait in Effect, for some milliseconds, while the thread copies the rest and begins the log anew.
 *
 * The log is overwritten and not cut, because a sync of a file that does not grow costs less.
 *
 * After a failed sync the thread writes the log to the disk again, and only then writes succeed again.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Schedule from "effect/Schedule"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import * as Loop from "../telemetry/Loop.ts"
import type { LogSync } from "./LogSync.ts"
import type { Disk } from "./SqliteFiles.ts"
import type { SqliteLease } from "./SqliteLease.ts"
import { longestLogBytes } from "./SqliteLog.ts"

export const make = Effect.fnUntraced(function* (
  { log, thread }: Disk,
  sync: LogSync,
  { exclusively }: SqliteLease,
) {
  const due = Latch.makeUnsafe(false)
  const isFull = () => log.reaches(longestLogBytes)
  sync.onEnd(() => {
    if (!due.isOpen() && (sync.failure() !== undefined || isFull())) due.openUnsafe()
  })
  const repair = exclusively(Effect.andThen(thread.ask({ _tag: "Repair" }), Effect.sync(sync.repaired)))
  const checkpoint = Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const began = monotonicMillis(clock)
    yield* thread.ask({ _tag: "Copy" })
    yield* exclusively(thread.ask({ _tag: "Restart" }))
    yield* catalogue.checkpoint.record({}, monotonicMillis(clock) - began)
  })
  const next = Effect.gen(function* () {
    yield* due.await
    if (sync.failure() !== undefined) yield* repair
    if (isFull()) yield* checkpoint
    if (sync.failure() === undefined) yield* due.close
  })
  yield* Loop.every("checkpoint", Schedule.forever, next)
  yield* catalogue.logBytes.observe({}, log.size)
  /** Runs a statement that takes long, on the thread. */
  return (sql: string) => exclusively(thread.ask({ _tag: "Run", sql }))
})
