/**
 * A `SqlClient` over Node's own `node:sqlite`: the embedded database, for one process and no set-up.
 *
 * There is one connection and its calls block the event loop, which is what makes it fast; a semaphore keeps a
 * transaction alone on it. A statement that has succeeded is durable, also over a loss of power
 * (`synchronous=FULL` in WAL mode, https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { classifySqliteError, SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import { counted } from "./CountedConnection.ts"

export interface SqliteConfig {
  /** A path, whose folder is made when it is missing, or `:memory:`. */
  readonly filename: string
}

/** Fails when the file cannot be opened, locked or read as a database. */
export const layer = (config: SqliteConfig): Layer.Layer<SqlClient.SqlClient, SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(config)).pipe(Layer.provide(Reactivity.layer))

/** How long a statement waits for another process that holds the file: the whole service stands still meanwhile. */
const busyTimeoutMillis = 250
/** The stores have some thirty statements, and the insert of many rows one for each number of rows. */
const cachedStatements = 128
/** A statement of hundreds of rows is cheap to compile beside running it, and large to keep. */
const longestCachedSql = 4096

const make = Effect.fnUntraced(function* (config: SqliteConfig) {
  const database = yield* Effect.acquireRelease(
    attempt("open", () => open(config.filename)),
    (database) => Effect.sync(() => database.close()),
  )
  const acquirers = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(counted(makeConnection(database))),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => database.isTransaction,
  })
  return yield* SqlClient.make({
    ...acquirers,
    compiler: Statement.makeCompilerSqlite(),
    driver: "node-sqlite",
    spanAttributes: [["db.system.name", "sqlite"]],
    // Takes the write lock at once: a transaction that reads first could otherwise fail when it comes to write.
    beginTransaction: "BEGIN IMMEDIATE",
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    prepareTransactionControls: true,
  })
})

/** Node 22 calls the module experimental on stderr when it is first loaded, at every start; 24.21 no longer does. */
const loadSqlite = () => {
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was, and never called from here
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule("node:sqlite")
  } finally {
    process.emitWarning = emitWarning
  }
}

const open = (filename: string): DatabaseSync => {
  // It holds conversations and the credentials of MCP servers: nobody else's to read.
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

const makeConnection = (database: DatabaseSync): Connection => {
  const prepare = cachedPrepare(database)
  const execute: Connection["execute"] = (sql, params, transformRows = identity) =>
    attempt("execute", () => transformRows(prepare(sql).all(...bindable(params))))
  const executeValues: Connection["executeValues"] = (sql, params) =>
    attempt("execute", () => {
      const statement = database.prepare(sql)
      statement.setReturnArrays(true)
      return statement.all(...bindable(params)) as unknown as ReadonlyArray<ReadonlyArray<unknown>>
    })
  return {
    execute,
    executeUnprepared: execute,
    executeValues,
    executeValuesUnprepared: executeValues,
    executeRaw: (sql, params) => attempt("execute", () => prepare(sql).run(...bindable(params))),
    executeStream: (sql, params, transformRows) =>
      Stream.fromIterableEffect(execute(sql, params, transformRows)),
  }
}

/** The interface says `unknown`; a value that SQLite cannot hold makes `node:sqlite` throw a TypeError. */
const bindable = (params: ReadonlyArray<unknown>) => params as ReadonlyArray<SQLInputValue>

/** The least recently used statement leaves; the garbage collector finalises it. */
const cachedPrepare = (database: DatabaseSync) => {
  const cache = new Map<string, StatementSync>()
  return (sql: string): StatementSync => {
    const statement = cache.get(sql) ?? database.prepare(sql)
    if (sql.length > longestCachedSql) return statement
    cache.delete(sql)
    cache.set(sql, statement)
    if (cache.size > cachedStatements) cache.delete(cache.keys().next().value!)
    return statement
  }
}

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, SqlError> =>
  Effect.try({
    try: run,
    catch: (cause) =>
      new SqlError({
        reason: classifySqliteError(withErrno(cause), {
          message: cause instanceof Error ? cause.message : String(cause),
          operation,
        }),
      }),
  })

/** SQLITE_CONSTRAINT_PRIMARYKEY is a broken uniqueness too, and one in PostgreSQL (https://www.sqlite.org/rescode.html). */
const primaryKeyViolation = 1555
const uniqueViolation = 2067

/** `node:sqlite` has the result code in `errcode`; `effect/sql` looks for it in `errno`. */
const withErrno = (cause: unknown): unknown => {
  if (!(cause instanceof Error) || !("errcode" in cause)) return cause
  return Object.assign(cause, {
    errno: cause.errcode === primaryKeyViolation ? uniqueViolation : cause.errcode,
  })
}
