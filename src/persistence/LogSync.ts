/**
 * Makes commits durable: `fdatasync` of SQLite's write-ahead log, in Node's thread pool. One runs at a time, for all
 * commits before it. Commits that come meanwhile wait for the next one, so a slow disk is shared and never blocks.
 *
 * After a failed sync the kernel may call lost pages clean, so the success of a later one proves nothing
 * (https://www.postgresql.org/docs/current/wal-reliability.html, "fsync failure"). Commits fail until the
 * log was checked and written again (`LogRepair`).
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { catalogue } from "../telemetry/Metrics.ts"
import { sqlError } from "./SqliteCalls.ts"

export type Done = (error: SqlError | undefined) => void

export interface LogSync {
  /** To be called after each commit, before `wait`. */
  readonly committed: () => void
  /** Calls back when all commits until now are on the disk: at once if they are. */
  readonly wait: (done: Done) => void
  readonly durable: Effect.Effect<void, SqlError>
  readonly isRunning: () => boolean
  /** The error of the sync that failed, until `repaired`. */
  readonly failure: () => SqlError | undefined
  readonly repaired: () => void
  /** Called at the end of each sync, before the next one begins and before its commits succeed. */
  readonly onEnd: (listener: () => void) => void
}

/** The longest time that waits take from the event loop at once, unless a single one takes longer: each resumes a turn. */
const longestPortionMillis = 2

/** Calls in order, with pauses for the event loop. */
const inPortions = (): ((calls: ReadonlyArray<() => void>) => void) => {
  const queue: Array<() => void> = []
  const run = (): void => {
    const until = performance.now() + longestPortionMillis
    let count = 0
    do queue[count++]!()
    while (count < queue.length && performance.now() < until)
    queue.splice(0, count)
    if (queue.length > 0) setImmediate(run)
  }
  return (calls) => {
    const isRunning = queue.length > 0
    queue.push(...calls)
    if (!isRunning && queue.length > 0) run()
  }
}

/** `sync` calls back with the error of the system call. The metrics are those of the context. */
export const make = (
  sync: (ended: (error: Error | null) => void) => void,
  context: Context.Context<never>,
): LogSync => {
  let dirty = false
  let current: Array<Done> | undefined
  let next: Array<Done> = []
  let failure: SqlError | undefined
  const listeners: Array<() => void> = []
  const inOrder = inPortions()

  const start = (): void => {
    const group = next
    current = group
    next = []
    dirty = false
    const began = performance.now()
    sync((error) => {
      current = undefined
      catalogue.logSync.update({}, performance.now() - began)(context)
      catalogue.commits.update({}, 1)(context)
      catalogue.batchesPerCommit.update({}, group.length)(context)
      if (error !== null) failure = sqlError("sync", failedSync(error))
      // The commits of the next group wait for pages that a new sync may not write.
      const ended = failure === undefined ? group : [...group, ...next.splice(0)]
      for (const listener of listeners) listener()
      if (next.length > 0) start()
      const result = failure
      inOrder(ended.map((done) => () => done(result)))
    })
  }
  const wait = (done: Done): void => {
    if (failure !== undefined) done(failure)
    else if (dirty) {
      next.push(done)
      if (current === undefined) start()
    } else if (current !== undefined) current.push(done)
    else done(undefined)
  }
  return {
    committed: () => {
      dirty = true
    },
    wait,
    durable: Effect.uninterruptible(
      Effect.callback<void, SqlError>((resume) =>
        wait((error) => resume(error === undefined ? Effect.void : Effect.fail(error))),
      ),
    ),
    isRunning: () => current !== undefined,
    failure: () => failure,
    repaired: () => {
      failure = undefined
    },
    onEnd: (listener) => {
      listeners.push(listener)
    },
  }
}

/** For a database in memory, which has no log. */
export const none: LogSync = {
  committed: () => {},
  wait: (done) => done(undefined),
  durable: Effect.void,
  isRunning: () => false,
  failure: () => undefined,
  repaired: () => {},
  onEnd: () => {},
}

/** SQLITE_FULL and SQLITE_IOERR_FSYNC of https://www.sqlite.org/rescode.html. */
const full = 13
const ioErrorOfSync = 1034

const failedSync = (error: NodeJS.ErrnoException): Error =>
  Object.assign(new Error(`the disk did not store the write-ahead log: ${error.message}`, { cause: error }), {
    errcode: error.code === "ENOSPC" || error.code === "EDQUOT" ? full : ioErrorOfSync,
  })
