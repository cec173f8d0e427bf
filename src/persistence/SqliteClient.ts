/**
 * A `SqlClient` over Node's own `node:sqlite`: the embedded database, for one process and no set-up.
 *
 * There is one connection and its calls block the event loop, which is what makes it fast; a semaphore keeps a
 * transaction alone on it. A statement that has succeeded is durable, also over a loss of power
 * (`synchronous=FULL` in WAL mode, https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { Batch, overClient } from "./Batch.ts"
import * as BatchSqlite from "./BatchSqlite.ts"
import { loadSqlite } from "./LoadSqlite.ts"
import * as SqliteCalls from "./SqliteCalls.ts"

export interface SqliteConfig {
  /** A path, whose folder is made when it is missing, or `:memory:`. */
  readonly filename: string
}

/** Fails when the file cannot be opened, locked or read as a database. */
export const layer = (config: SqliteConfig): Layer.Layer<Batch | SqlClient.SqlClient, SqlError> =>
  Layer.effectContext(make(config)).pipe(Layer.provide(Reactivity.layer))

/** How long a statement waits for another process that holds the file: the whole service stands still meanwhile. */
const busyTimeoutMillis = 250

const make = Effect.fnUntraced(function* (config: SqliteConfig) {
  const database = yield* Effect.acquireRelease(
    Effect.try({
      try: () => open(config.filename),
      catch: (cause) => SqliteCalls.sqlError("open", cause),
    }),
    (database) => Effect.sync(() => database.close()),
  )
  const calls = SqliteCalls.make(database)
  const leased = SqliteCalls.connection(calls, SqliteCalls.atOnce)
  const acquirers = SqlClient.makeSqliteAcquirers({
    connection: Effect.suspend(() =>
      // Left by a batch whose COMMIT and ROLLBACK have both failed: the next user has begun no transaction yet.
      database.isTransaction
        ? Effect.as(leased.execute("ROLLBACK", [], undefined), leased)
        : Effect.succeed(leased),
    ),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => database.isTransaction,
  })
  // A call is over when it returns, so that only a transaction can be under way on the connection: its end is waited for.
  const alone = SqliteCalls.connection(calls, (call) =>
    Effect.contextWith((context: Context.Context<never>) =>
      database.isTransaction
        ? acquirers.borrower(() => SqliteCalls.atOnce(call))
        : SqliteCalls.exitOf(() => call(context)),
    ),
  )
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
  return Context.make(SqlClient.SqlClient, sql).pipe(
    Context.add(Batch, BatchSqlite.make(calls, overClient(sql))),
  )
})

const open = (filename: string): DatabaseSync => {
  // It holds conversations and the credentials of MCP servers: only its owner may read it.
  if (filename !== ":memory:") Fs.mkdirSync(Path.dirname(filename), { recursive: true, mode: 0o700 })
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(filename, {
    enableForeignKeyConstraints: true,
    timeout: busyTimeoutMillis,
  })
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    // Also in a folder that was there before, and is open to others.
    if (filename !== ":memory:") Fs.chmodSync(filename, 0o600)
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}
