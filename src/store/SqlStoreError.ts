/**
 * Translates errors of the database to `StoreError`, at the edge of each method of the SQL stores. A row that does
 * not decode is one too.
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import * as Timeouts from "../platform/Timeouts.ts"
import * as Measure from "../telemetry/Measure.ts"
import { StoreError } from "./StoreError.ts"

type DatabaseError = SqlError | Schema.SchemaError
const isDatabaseError = (error: unknown): error is DatabaseError =>
  isSqlError(error) || Schema.isSchemaError(error)

/** No caller waits longer. The outcome of work that the database has not finished by then is unknown. */
const timeoutSeconds = 5

/**
 * Runs on its own fiber, because a driver's transaction cannot be interrupted while its connection is silent. An
 * answer that is there at once, as from a read of SQLite, needs no wait.
 */
const answered = <A, E, R>(
  operation: string,
  self: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | StoreError, R> =>
  Effect.flatMap(
    Effect.forkDetach(self, { startImmediately: true }),
    (fiber) => fiber.pollUnsafe() ?? inTime(operation, fiber),
  )

const inTime = <A, E>(operation: string, fiber: Fiber.Fiber<A, E>) =>
  Effect.callback<A, E | StoreError>((resume) => {
    const timeouts = timeoutsOf(fiber.context)
    const end = () => {
      stopWatching()
      timeouts.end(wait)
      // Takes effect with the connection's next bytes, so that abandoned work does not run much later.
      fiber.interruptUnsafe()
    }
    const wait = Timeouts.wait(() => {
      end()
      resume(Effect.fail(new StoreError({ operation, cause: `no answer in ${timeoutSeconds} seconds` })))
    })
    const stopWatching = fiber.addObserver((exit) => {
      timeouts.end(wait)
      resume(exit)
    })
    timeouts.begin(wait)
    return Effect.sync(end)
  })

/** The batches of many turns wait at the same time. A race for each would take two fibers and a timer. */
const timeoutsByClock = new WeakMap<Clock.Clock, Timeouts.Timeouts>()

const timeoutsOf = (context: Context.Context<never>): Timeouts.Timeouts => {
  const clock = Context.get(context, Clock.Clock)
  const found = timeoutsByClock.get(clock) ?? Timeouts.make(context, timeoutSeconds * 1000)
  timeoutsByClock.set(clock, found)
  return found
}

/** `operation` names the service method. Other errors, and defects from outside the database, pass through. */
export const asStoreError =
  (operation: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, DatabaseError> | StoreError, R> =>
    Effect.catchCause(answered(operation, self), (cause) => translated(operation, cause))

/** Separate from the success path, which runs about ten times a turn. */
const translated = <E>(operation: string, cause: Cause.Cause<E>) =>
  Effect.failCause(cause).pipe(
    // A connection lost inside a transaction is a defect, because its ROLLBACK fails as well.
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
