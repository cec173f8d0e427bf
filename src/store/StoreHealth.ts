/**
 * Knows beforehand if the store can do its job, by a write once a second, so that no turn finds out by waiting. While it
 * cannot, no turn is begun, and within a second of its return turns are.
 *
 * A store that answers and takes no writes (its disk is full, it is the standby after a failover) is as good as away. One line
 * says when that begins and one when it ends.
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

/** Together a second: the longest between two looks, which a turn's error may shorten to the first part. */
const shortestPause = "250 millis"
const restOfPause = "750 millis"
/** A store that is silent for so long twice in a row is away; once may be this process, which was busy itself. */
const patience = "500 millis"

export class StoreHealth extends Context.Service<
  StoreHealth,
  {
    readonly isUp: Effect.Effect<boolean>
    /** Fails at once while the store is away, and when it goes away meanwhile: who begins a turn waits for no silence. */
    readonly whileUp: <A, E, R>(use: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreError, R>
  }
>()("crossfade/store/StoreHealth") {
  static readonly layer: Layer.Layer<StoreHealth, never, SqlClient.SqlClient> = Layer.effect(
    StoreHealth,
    Effect.suspend(() => make),
  )
}

/** Every replica changes the one row; a claim of `Retention` has another name. */
const writeOf = (
  sql: SqlClient.SqlClient,
) => sql`INSERT INTO jobs (name, held_until) VALUES ('store-health', 1)
  ON CONFLICT (name) DO UPDATE SET held_until = jobs.held_until + 1`

/**
 * The write that shows that the store is up again, or is up in spite of a turn's error. On SQLite it needs about as much room
 * as a large turn: on a nearly full disk a small row still fits where every turn fails.
 */
const returnWriteOf = (sql: SqlClient.SqlClient): Effect.Effect<unknown, SqlError> =>
  sql.onDialectOrElse({
    sqlite: () =>
      sql`REPLACE INTO jobs (name, held_until) VALUES ('store-health ' || hex(zeroblob(131072)), 0)`.pipe(
        Effect.andThen(sql`DELETE FROM jobs WHERE name LIKE 'store-health %'`),
      ),
    orElse: () => writeOf(sql),
  })

/** Two replicas that write at the same moment get in each other's way under strict isolation: the database works. */
const isContention = (error: unknown): boolean =>
  isSqlError(error) && (error.reason._tag === "SerializationError" || error.reason._tag === "DeadlockError")

/** Why the write did not succeed; undefined when it did. */
const failureOf = (exit: Exit.Exit<unknown, SqlError>): string | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const error = Cause.squash(exit.cause)
  return isContention(error) ? undefined : reasonOf(error)
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const down = yield* Ref.make<string | undefined>(undefined)
  const away = yield* Latch.make(false)
  /** Open while an error of a turn waits to be looked into. */
  const suspicion = yield* Latch.make(false)
  const isUp = Effect.map(Ref.get(down), (reason) => reason === undefined)

  const told = Effect.fnUntraced(function* (reason: string | undefined) {
    const before = yield* Ref.getAndSet(down, reason)
    if ((before === undefined) === (reason === undefined)) return
    yield* reason === undefined ? away.close : away.open
    yield* Effect.logWarning(
      reason === undefined
        ? "the store can be used again"
        : `the store cannot be used, so no turn is begun: ${reason}`,
    )
  })

  // On a fiber of its own: a driver's call cannot be interrupted while its connection is silent.
  const look = Effect.gen(function* () {
    const isSound = (yield* isUp) && !suspicion.isOpen()
    yield* suspicion.close
    const write = isSound ? writeOf(sql) : returnWriteOf(sql)
    const fiber = yield* Effect.forkDetach(write, { startImmediately: true })
    const answer = Effect.timeoutOption(Effect.interruptible(Fiber.await(fiber)), patience)
    const first = yield* answer
    const found = first._tag === "Some" ? first : yield* answer
    if (found._tag === "Some") return yield* told(failureOf(found.value))
    yield* Effect.forkDetach(Fiber.interrupt(fiber))
    yield* told("no answer within a second")
  }).pipe(Effect.withTracerEnabled(false))
  const pause = Effect.andThen(
    Effect.sleep(shortestPause),
    Effect.timeoutOption(suspicion.await, restOfPause),
  )
  yield* Loop.every("store_check", Schedule.forever, Effect.andThen(look, pause))
  yield* catalogue.storeUp.observe({}, () => (Ref.getUnsafe(down) === undefined ? 1 : 0))

  const gone = Effect.andThen(away.await, Effect.fail(isAway()))
  /** A turn may meet a fault before the next look does, and one that only its size meets; or one connection's alone. */
  const noted = (error: unknown) =>
    error instanceof StoreError && isFault(error.cause) ? suspicion.open : Effect.void
  // First what is to be used: when it is done at once, as on SQLite, nothing races with it.
  const whileUp: StoreHealth["Service"]["whileUp"] = (use) =>
    Effect.suspend(() =>
      Ref.getUnsafe(down) === undefined
        ? Effect.raceFirst(Effect.tapError(use, noted), Effect.interruptible(gone))
        : Effect.fail(isAway()),
    )
  return StoreHealth.of({ isUp, whileUp })
})

const isAway = () => new StoreError({ operation: "StoreHealth.whileUp", cause: "the store cannot be used" })
