/**
 * A `SqlClient` over Node's own `node:sqlite`: the embedded database, for one process and without setup.
 *
 * It has one connection, whose calls block the event loop; this makes it fast. They wait for no disk: the system's cache
 * takes their writes, and `LogSync` makes these durable before they succeed, even after a loss of power.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import { Batch, overClient } from "./Batch.ts"
import * as BatchSqlite from "./BatchSqlite.ts"
import * as Checkpoints from "./Checkpoints.ts"
import type { LogSync } from "./LogSync.ts"
import * as SqliteCalls from "./SqliteCalls.ts"
import * as SqliteFiles from "./SqliteFiles.ts"
import * as SqliteLease from "./SqliteLease.ts"
import { isMaintenance, mayWrite } from "./SqliteStatement.ts"

interface SqliteConfig {
  /** A path, whose folder is created if it is missing, or `:memory:`. */
  readonly filename: string
}

/** Fails if the file cannot be opened, locked or read as a database. */
export const layer = (config: SqliteConfig): Layer.Layer<Batch | SqlClient.SqlClient, SqlError> =>
  Layer.effectContext(make(config)).pipe(Layer.provide(Reactivity.layer))

const make = Effect.fnUntraced(function* (config: SqliteConfig) {
  const { database, disk, sync } = yield* SqliteFiles.open(config.filename)
  const calls = SqliteCalls.make(database)
  const lease = SqliteLease.make(database)
  const maintenance = disk === undefined ? undefined : yield* Checkpoints.make(disk, sync, lease)
  const leased = SqliteCalls.connection(calls, (_, call) => SqliteCalls.atOnce(call))
  const acquirers = SqlClient.makeSqliteAcquirers({
    connection: Effect.sync(() => {
      lease.endLeft()
      return leased
    }),
    semaphore: lease.semaphore,
    isTransaction: () => database.isTransaction,
  })
  const whenFree = <A>(isHeld: () => boolean, call: (context: Context.Context<never>) => A) =>
    Effect.contextWith((context: Context.Context<never>) =>
      isHeld() ? acquirers.borrower(() => SqliteCalls.atOnce(call)) : SqliteCalls.exitOf(() => call(context)),
    )
  // A call ends when it returns, so only a transaction of another fiber can be in its way.
  const single = SqliteCalls.connection(calls, (sql, call) =>
    mayWrite(sql)
      ? durable(sync, whenFree(lease.isHeld, call))
      : whenFree(() => database.isTransaction, call),
  )
  const alone: Connection =
    maintenance === undefined
      ? single
      : {
          ...single,
          execute: (sql, params, transformRows) =>
            isMaintenance(sql) ? durable(sync, maintenance(sql)) : single.execute(sql, params, transformRows),
        }
  const sql = yield* SqlClient.make({
    ...acquirers,
    borrower: (use) => use(alone),
    compiler: Statement.makeCompilerSqlite(),
    driver: "node-sqlite",
    spanAttributes: [["db.system.name", "sqlite"]],
    beginTransaction: SqliteCalls.begin,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    prepareTransactionControls: true,
  })
  const isWithin = (context: Context.Context<never>) =>
    Context.getOrUndefined(context, sql.transactionService) !== undefined
  const { withTransaction } = sql
  const client = Object.assign(sql, {
    withTransaction: ((self) =>
      Effect.contextWith((context: Context.Context<never>) =>
        isWithin(context) ? withTransaction(self) : durable(sync, withTransaction(self)),
      )) satisfies SqlClient.SqlClient["withTransaction"],
  })
  const batch = BatchSqlite.make({ calls, sync, lease, isWithin, within: overClient(client) })
  return Context.make(SqlClient.SqlClient, client).pipe(Context.add(Batch, batch))
})

/** Success means that the commit of `write` is on the disk. */
const durable = <A, E, R>(sync: LogSync, write: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  Effect.uninterruptibleMask((restore) => {
    const failure = sync.failure()
    if (failure !== undefined) return Effect.fail(failure)
    return Effect.flatMap(Effect.exit(restore(write)), (exit) => {
      if (Exit.isSuccess(exit)) sync.committed()
      return Effect.andThen(sync.durable, exit)
    })
  })
