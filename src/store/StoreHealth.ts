/**
 * Checks the store with one write a second, so that no turn finds an outage by waiting. During an outage no turn
 * starts; within a second of the store's return turns start again.
 *
 * A store that answers but accepts no writes (its disk is full, it is the standby after a failover) counts as away.
 * The log has one line at the start and one at the end of an outage.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { reasonOf } from "../domain/Reason.ts"
import { isFault } from "../persistence/DatabaseFault.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import { StoreError } from "./StoreError.ts"
import * as Loop from "../telemetry/Loop.ts"

/** The two sum to a second, the longest time between two checks. A turn's error may shorten it to the first part. */
const shortestPause = "250 millis"
const restOfPause = "750 millis"
/** A store that is silent for this long twice in a row is away; once may be the fault of a busy process. */
const answerTimeout = "500 millis"

export class StoreHealth extends Context.Service<
  StoreHealth,
  {
    readonly isUp: Effect.Effect<boolean>
    /**
     * Fails at once while the store is away, and when it goes away during the use, so a turn never waits for a silent
     * store.
     */
    readonly whileUp: <A, E, R>(use: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreError, R>
  }
>()("crossfade/store/StoreHealth") {
  static readonly layer: Layer.Layer<StoreHealth, never, SqlClient.SqlClient> = Layer.effect(
    StoreHealth,
    Effect.suspend(() => make),
  )
}

/** All replicas change the same row; a claim of `Retention` has another name. */
const writeOf = (
  sql: SqlClient.SqlClient,
) => sql`INSERT INTO jobs (name, held_until) VALUES ('store-health', 1)
  ON CONFLICT (name) DO UPDATE SET held_until = jobs.held_until + 1`

/**
 * The write that shows the store is up again, or up in spite of a turn's error. On SQLite it needs about as much room
 * as a large turn, because on a nearly full disk a small row still fits when each turn fails.
 */
const returnWriteOf = (sql: SqlClient.SqlClient): Effect.Effect<unknown, SqlError> =>
  sql.onDialectOrElse({
    sqlite: () =>
      sql`REPLACE INTO jobs (name, held_until) VALUES ('store-health ' || hex(zeroblob(131072)), 0)`.pipe(
        Effect.andThen(sql`DELETE FROM jobs WHERE name LIKE 'store-health %'`),
      ),
    orElse: () => writeOf(sql),
  })

/** Two replicas that write at the same moment conflict under strict isolation; the database works. */
const isContention = (error: unknown): boolean =>
  isSqlError(error) && (error.reason._tag === "SerializationError" || error.reason._tag === "DeadlockError")

/** The reason for a failed write; undefined after a success. */
const failureOf = (exit: Exit.Exit<unknown, SqlError>): string | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  // The driver interrupts the statements of a connection that it closes.
  if (Cause.hasInterruptsOnly(exit.cause)) return "Connection closed"
  const error = Cause.squash(exit.cause)
  return isContention(error) ? undefined : reasonOf(error)
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const down = yield* Ref.make<string | undefined>(undefined)
  const away = yield* Latch.make(false)
  /** Open while a turn's error waits for a check. */
  const suspicion = yield* Latch.make(false)
  const isUp = Effect.map(Ref.get(down), (reason) => reason === undefined)

  const setReason = Effect.fnUntraced(function* (reason: string | undefined) {
    const before = yield* Ref.getAndSet(down, reason)
    if ((before === undefined) === (reason === undefined)) return
    yield* reason === undefined ? away.close : away.open
    yield* Effect.logWarning(
      reason === undefined
        ? "the store is available again"
        : `the store is not available, so no turn can start: ${reason}`,
    )
  })

  // Runs on its own fiber, because a driver's call cannot be interrupted while its connection is silent.
  const check = Effect.gen(function* () {
    const isSound = (yield* isUp) && !suspicion.isOpen()
    yield* suspicion.close
    const write = isSound ? writeOf(sql) : returnWriteOf(sql)
    const fiber = yield* Effect.forkDetach(write, { startImmediately: true })
    const answer = Effect.timeoutOption(Effect.interruptible(Fiber.await(fiber)), answerTimeout)
    const first = yield* answer
    const found = first._tag === "Some" ? first : yield* answer
    if (found._tag === "Some") return yield* setReason(failureOf(found.value))
    yield* Effect.forkDetach(Fiber.interrupt(fiber))
    yield* setReason("no answer within a second")
  })
  const pause = Effect.andThen(
    Effect.sleep(shortestPause),
    Effect.timeoutOption(suspicion.await, restOfPause),
  )
  yield* Loop.every("store_check", Schedule.forever, Effect.andThen(check, pause))
  yield* catalogue.storeUp.observe({}, () => (Ref.getUnsafe(down) === undefined ? 1 : 0))

  const gone = Effect.andThen(away.await, Effect.fail(isAway()))
  /** A turn may meet a fault before the next check does; some faults depend on its size, or on one connection. */
  const suspect = (error: unknown) =>
    error instanceof StoreError && isFault(error.cause) ? suspicion.open : Effect.void
  // The use starts first: if it completes at once, as on SQLite, no race is needed.
  const whileUp: StoreHealth["Service"]["whileUp"] = (use) =>
    Effect.suspend(() => {
      if (Ref.getUnsafe(down) !== undefined) return Effect.fail(isAway())
      // A value from memory needs no fiber.
      if (Exit.isExit(use) && Exit.isSuccess(use)) return use
      return Effect.raceFirst(Effect.tapError(use, suspect), Effect.interruptible(gone))
    })
  return StoreHealth.of({ isUp, whileUp })
})

const isAway = () => new StoreError({ operation: "StoreHealth.whileUp", cause: "the store is not available" })
