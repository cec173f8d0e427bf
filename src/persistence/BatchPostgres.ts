/**
 * `Batch` on PostgreSQL. A few connections carry out the transactions of all callers. A batch that finds a free
 * connection has it alone. The next free connection takes those that wait together, as a `CommitGroup`: a commit waits
 * for the disk, and the number of such waits must not grow with the number of turns.
 *
 * A batch that fails in a group runs again alone, over the connections of single statements, and its caller gets that
 * outcome. So the group's limit for locks is not a limit for a batch.
 */
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import { isNotUndefined } from "effect/Predicate"
import * as Queue from "effect/Queue"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { type Batch, overClient, type Rows, type Step } from "./Batch.ts"
import * as CommitGroup from "./CommitGroup.ts"

/** The server carries out a group one batch after another. A larger group would take longer than a slow disk. */
const mostInGroup = 16

/** `Effect.void` has another type. */
const nothingStored = undefined

export type UseConnection = (
  use: (connection: PgConnection.PgConnection) => Effect.Effect<void, SqlError>,
) => Effect.Effect<void, SqlError>

/** The connections to the server of now, and an observer of its errors. */
export interface Watched {
  /** Undefined: the server cannot carry out groups. */
  readonly use: UseConnection | undefined
  readonly errors: <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

interface Connections {
  readonly count: number
  readonly watch: () => Watched
}

export const make = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, { count, watch }: Connections) {
  const alone = overClient(sql)
  const waiting = yield* Effect.acquireRelease(Queue.unbounded<CommitGroup.Pending>(), (queue) =>
    Effect.andThen(
      Effect.map(Queue.clear(queue), (left) => left.forEach(({ again }) => again())),
      Queue.shutdown(queue),
    ),
  )

  const carryOut = (taken: ReadonlyArray<CommitGroup.Pending>): Effect.Effect<void> => {
    const group = taken.filter((batch) => !batch.isAbandoned)
    const use = group.length === 0 ? undefined : watch().use
    const carried = use?.((connection) => CommitGroup.carryOut(connection, group)) ?? Effect.void
    const onFailure = (cause: Cause.Cause<SqlError>) => {
      const isAlone = group.length === 1 && Cause.hasFails(cause)
      for (const batch of group) if (isAlone || batch.isCommitting) batch.failed(cause)
    }
    return Effect.map(Effect.matchCause(carried, { onFailure, onSuccess: constVoid }), () => {
      for (const { again } of taken) again()
    })
  }
  const worker = Effect.uninterruptible(
    Effect.flatMap(Effect.interruptible(Queue.takeBetween(waiting, 1, mostInGroup)), carryOut),
  )
  for (let started = 0; started < count; started++) yield* Effect.forkScoped(Effect.forever(worker))

  const submit = <E>(steps: ReadonlyArray<Step<E>>): Effect.Effect<Rows, E | SqlError> =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<Rows | undefined, E | SqlError>()
      const batch: CommitGroup.Pending = {
        steps,
        isAbandoned: false,
        isCommitting: false,
        stored: (rows) => Deferred.doneUnsafe(answer, Effect.succeed(rows)),
        refused: (index) => {
          const orFail = steps[index]?.orFail
          if (orFail !== undefined) Deferred.doneUnsafe(answer, Effect.fail(orFail()))
        },
        failed: (cause) => Deferred.doneUnsafe(answer, Effect.failCause(cause)),
        again: () => Deferred.doneUnsafe(answer, Effect.succeed(nothingStored)),
      }
      Queue.offerUnsafe(waiting, batch)
      // The outcome is known when the interruption is complete.
      const given = Effect.onInterrupt(watch().errors(Deferred.await(answer)), () => {
        batch.isAbandoned = true
        return Effect.exit(Deferred.await(answer))
      })
      return Effect.filterOrElse(given, isNotUndefined, () => alone.run(steps))
    })

  const service: Batch["Service"] = {
    run: (steps) =>
      Effect.contextWith((context: Context.Context<never>) =>
        steps.length === 1 ||
        watch().use === undefined ||
        Context.getOrUndefined(context, sql.transactionService) !== undefined
          ? alone.run(steps)
          : submit(steps),
      ),
  }
  return service
})
