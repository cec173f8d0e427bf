/**
 * A `SqlClient` over Node's own `node:sqlite`: the embedded database, for one process and without setup.
 *
 * It has one connection, whose calls block the event loop; this makes it fast. A semaphore gives a transaction
 * exclusive use of it. A statement that has succeeded is durable, even after a loss of power (`synchronous=FULL` in
 * WAL mode, https://www.sqlite.org/pragma.html#pragma_synchronous).
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

interface SqliteConfig {
  /** A path, whose folder is created if it is missing, or `:memory:`. */
  readonly filename: string
}

/** Fails if the file cannot be opened, locked or read as a database. */
export const layer = (config: SqliteConfig): Layer.Layer<Batch | SqlClient.SqlClient, SqlError> =>
  Layer.effectContext(make(config)).pipe(Layer.provide(Reactivity.layer))

/** The longest wait for another process that locks the file; the whole service blocks during it. */
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
      // A batch whose COMMIT and ROLLBACK both failed leaves a transaction open; the next user has started none.
      database.isTransaction
        ? Effect.as(leased.execute("ROLLBACK", [], undefined), leased)
        : Effect.succeed(leased),
    ),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => database.isTransaction,
  })
  // A call ends when it returns, so only a transaction can occupy the connection; the call waits for its end.
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
  // The file holds conversations and credentials of MCP servers, so only its owner may read it.
  if (filename !== ":memory:") Fs.mkdirSync(Path.dirname(filename), { recursive: true, mode: 0o700 })
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(filename, {
    enableForeignKeyConstraints: true,
    timeout: busyTimeoutMillis,
  })
  try {
    // Deleted text is overwritten, not only unlinked (https://www.sqlite.org/pragma.html#pragma_secure_delete).
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
    // The folder may have existed before, and others may read it.
    if (filename !== ":memory:") Fs.chmodSync(filename, 0o600)
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}
