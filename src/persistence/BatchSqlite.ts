/**
 * `Batch` on SQLite. The batches that wait run together in one transaction, and one sync of the disk makes them durable:
 * a transaction writes each changed page once, and a commit costs more than the statements of a batch.
 *
 * If one of them fails, the transaction is rolled back and each runs alone, so that none fails for another.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { Batch, Rows, Step } from "./Batch.ts"
import type { LogSync } from "./LogSync.ts"
import type { SqliteLease } from "./SqliteLease.ts"
import { begin, type SqliteCalls, sqlError } from "./SqliteCalls.ts"

/** The longest time that batches take from the event loop at once, unless a single one takes longer. */
const longestGroupMillis = 2

interface Options {
  readonly calls: SqliteCalls
  readonly sync: LogSync
  readonly lease: SqliteLease
  /** True in the transaction of the caller, which `within` joins. */
  readonly isWithin: (context: Context.Context<never>) => boolean
  readonly within: Batch["Service"]
}

interface Waiting {
  readonly context: Context.Context<never>
  /** Runs the steps in the open transaction. */
  readonly runIn: () => Exit.Exit<Rows, unknown>
  readonly alone: () => Exit.Exit<Rows, unknown>
  done: (exit: Exit.Exit<Rows, unknown>) => void
}

export const make = (options: Options): Batch["Service"] => {
  const { calls, isWithin, within } = options
  const queue = groups(options)
  const queued = <E>(steps: ReadonlyArray<Step<E>>, context: Context.Context<never>) =>
    Effect.callback<Rows, E | SqlError>((resume) => {
      const waiting: Waiting = {
        context,
        runIn: () => carriedOut(calls, steps, context),
        alone: () => atOnce(calls, steps, context),
        done: (exit) => resume(exit as Exit.Exit<Rows, E | SqlError>),
      }
      queue.add(waiting)
      // An interruption takes effect before the batch has run, or after its commit is durable.
      return Effect.suspend(() =>
        queue.remove(waiting)
          ? Effect.void
          : Effect.callback<void>((ended) => {
              waiting.done = () => ended(Effect.void)
            }),
      )
    })
  return {
    run: (steps) =>
      Effect.contextWith((context: Context.Context<never>) =>
        isWithin(context) ? within.run(steps) : queued(steps, context),
      ),
  }
}

/** The queue. Batches that come during a sync run after it, as one group, because they need the next one anyway. */
const groups = ({ calls, lease, sync }: Options) => {
  let queue: Array<Waiting> = []
  let isScheduled = false

  const run = (): void => {
    isScheduled = false
    if (queue.length === 0) return
    const failure = sync.failure()
    if (failure !== undefined) {
      for (const { done } of queue.splice(0)) done(Exit.fail(failure))
      return
    }
    lease.endLeft()
    const group: Array<Waiting> = []
    const exits = queue.length === 1 ? [take(queue, group).alone()] : together(calls, queue, group)
    if (exits.some(Exit.isSuccess)) sync.committed()
    // Each waits by itself, so that LogSync counts them and resumes them in portions.
    for (const [index, waiting] of group.entries())
      sync.wait((error) => waiting.done(error === undefined ? exits[index]! : Exit.fail(error)))
    if (queue.length > 0) schedule()
  }
  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    setImmediate(lease.whenFree, run)
  }
  sync.onEnd(() => {
    if (queue.length > 0 && !isScheduled) {
      isScheduled = true
      lease.whenFree(run)
    }
  })
  return {
    add: (waiting: Waiting): void => {
      queue.push(waiting)
      if (!sync.isRunning()) schedule()
    },
    /** False if it is not in the queue. */
    remove: (waiting: Waiting): boolean => {
      const before = queue.length
      queue = queue.filter((one) => one !== waiting)
      return queue.length < before
    },
  }
}

const take = (queue: Array<Waiting>, group: Array<Waiting>): Waiting => {
  const waiting = queue.shift()!
  group.push(waiting)
  return waiting
}

/** Moves batches from the queue to the group and runs them in one transaction, or each alone if one fails. */
const together = (
  calls: SqliteCalls,
  queue: Array<Waiting>,
  group: Array<Waiting>,
): ReadonlyArray<Exit.Exit<Rows, unknown>> => {
  const until = performance.now() + longestGroupMillis
  const { context } = queue[0]!
  const exits: Array<Exit.Exit<Rows, unknown>> = []
  try {
    transaction(calls, context, () => {
      do exits.push(take(queue, group).runIn())
      while (queue.length > 0 && exits.every(Exit.isSuccess) && performance.now() < until)
      return exits.every(Exit.isSuccess)
    })
    if (exits.every(Exit.isSuccess)) return exits
  } catch {
    // The batch that failed fails again alone, with its own error.
  }
  return group.map(({ alone }) => alone())
}

const atOnce = <E>(
  calls: SqliteCalls,
  steps: ReadonlyArray<Step<E>>,
  context: Context.Context<never>,
): Exit.Exit<Rows, E | SqlError> => {
  try {
    if (steps.length === 1) return carriedOut(calls, steps, context)
    let exit: Exit.Exit<Rows, E> = Exit.succeed([])
    transaction(calls, context, () => {
      exit = carriedOut(calls, steps, context)
      return Exit.isSuccess(exit)
    })
    return exit
  } catch (cause) {
    return Exit.fail(sqlError("execute", cause))
  }
}

/** Commits if `body` returns true. Throws SQLite's errors. A COMMIT that has failed may leave the transaction open. */
const transaction = (calls: SqliteCalls, context: Context.Context<never>, body: () => boolean): void => {
  calls.all(context, begin, [])
  try {
    if (body()) calls.all(context, "COMMIT", [])
  } finally {
    if (calls.database.isTransaction) calls.all(context, "ROLLBACK", [])
  }
}

const carriedOut = <E>(
  calls: SqliteCalls,
  steps: ReadonlyArray<Step<E>>,
  context: Context.Context<never>,
): Exit.Exit<Rows, E> => {
  const all: Array<ReadonlyArray<Row>> = []
  for (const { orFail, statement } of steps) {
    const [sql, params] = statement.compile()
    const rows = calls.all(context, sql, params)
    if (rows.length === 0 && orFail !== undefined) return Exit.fail(orFail())
    all.push(rows)
  }
  return Exit.succeed(all)
}
