/**
 * The one translation of the database's errors into `StoreError`, at the edge of every method of the SQL stores. A row
 * that does not decode is one of them: the store cannot give what was asked for.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import * as Measure from "../telemetry/Measure.ts"
import { StoreError } from "./StoreError.ts"

type DatabaseError = SqlError | Schema.SchemaError
const isDatabaseError = (error: unknown): error is DatabaseError =>
  isSqlError(error) || Schema.isSchemaError(error)

/** Longer than this no caller waits, and what a database has not done by then is not known to be done. */
const timeout = "5 seconds"

/**
 * The database's answer, or the end of the patience: on a fiber of its own, because a driver's transaction cannot be
 * interrupted while its connection is silent. An answer that is there at once, as from SQLite, needs no wait.
 */
const answered = <A, E, R>(
  operation: string,
  self: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | StoreError, R> =>
  Effect.flatMap(Effect.forkDetach(self, { startImmediately: true }), (fiber) => {
    const answer = fiber.pollUnsafe()
    if (answer !== undefined) return answer
    return Effect.timeoutOrElse(Effect.interruptible(Fiber.join(fiber)), {
      duration: timeout,
      orElse: () => Effect.fail(new StoreError({ operation, cause: `no answer in ${timeout}` })),
    }).pipe(
      // Takes effect as soon as the connection says anything, so that abandoned work is not done much later.
      Effect.onError(() => Effect.forkDetach(Fiber.interrupt(fiber))),
    )
  })

/** `operation` names the service method. Other errors, and defects that are not the database's, pass. */
export const asStoreError =
  (operation: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, DatabaseError> | StoreError, R> =>
    Effect.catchCause(answered(operation, self), (cause) => translated(operation, cause))

/** Apart from the answer's way, which is taken some ten times a turn. */
const translated = <E>(operation: string, cause: Cause.Cause<E>) =>
  Effect.failCause(cause).pipe(
    // A connection that is lost inside a transaction is a defect, because its ROLLBACK fails as well.
    Effect.catchDefect((defect) =>
      isSqlError(defect) ? Effect.fail(new StoreError({ operation, cause: defect })) : Effect.die(defect),
    ),
    Effect.mapError((error) =>
      isDatabaseError(error)
        ? new StoreError({ operation, cause: error })
        : (error as Exclude<E, DatabaseError> | StoreError),
    ),
    Effect.tapError((error) => (error instanceof StoreError ? Measure.storeFailed : Effect.void)),
  )
