/**
 * `Batch` on PostgreSQL. A few connections carry out the transactions of all callers. A batch that finds a free
 * connection has it alone. The next free connection takes those that wait together, as a `CommitGroup`: a commit waits
 * for the disk, and the number of such waits must not grow with the number of turns.
 *
 * A batch that fails runs again alone, over the connections of single statements, and its caller gets that outcome. So
 * the group's limit for locks is not a limit for a batch.
 */
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
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

/** Undefined: the server cannot carry out groups. */
export type UseConnection =
  | ((
      use: (connection: PgConnection.PgConnection) => Effect.Effect<void, SqlError>,
    ) => Effect.Effect<void, SqlError>)
  | undefined

interface Connections {
  readonly count: number
  readonly use: () => UseConnection
}

export const make = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, { count, use }: Connections) {
  const alone = overClient(sql)
  const waiting = yield* Effect.acquireRelease(Queue.unbounded<CommitGroup.Pending>(), (queue) =>
    Effect.andThen(
      Effect.map(Queue.clear(queue), (left) => left.forEach((batch) => batch.rolledBack())),
      Queue.shutdown(queue),
    ),
  )

  const carryOut = (taken: ReadonlyArray<CommitGroup.Pending>): Effect.Effect<void> => {
    const group = taken.filter((batch) => !batch.isAbandoned)
    const onConnection = group.length === 0 ? undefined : use()
    const carried = onConnection?.((connection) => CommitGroup.carryOut(connection, group)) ?? Effect.void
    return Effect.matchCause(carried, {
      onFailure: (cause) => {
        for (const batch of group) if (batch.isCommitting) batch.lost(cause)
        for (const batch of taken) batch.rolledBack()
      },
      onSuccess: () => {
        for (const batch of taken) batch.rolledBack()
      },
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
        lost: (cause) => Deferred.doneUnsafe(answer, Effect.failCause(cause)),
        rolledBack: () => Deferred.doneUnsafe(answer, Effect.succeed(nothingStored)),
      }
      Queue.offerUnsafe(waiting, batch)
      // The outcome is known when the interruption is complete.
      const given = Effect.onInterrupt(Deferred.await(answer), () => {
        batch.isAbandoned = true
        return Effect.exit(Deferred.await(answer))
      })
      return Effect.filterOrElse(given, isNotUndefined, () => alone.run(steps))
    })

  const service: Batch["Service"] = {
    run: (steps) =>
      Effect.contextWith((context: Context.Context<never>) =>
        steps.length === 1 ||
        use() === undefined ||
        Context.getOrUndefined(context, sql.transactionService) !== undefined
          ? alone.run(steps)
          : submit(steps),
      ),
  }
  return service
})
