/**
 * The blocking calls of Node's `node:sqlite`. Each is counted and timed, and its exception becomes a `SqlError`.
 * Prepared statements are cached.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import type { Connection, Row } from "effect/sql/SqlConnection"
import { classifySqliteError, SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { statementTook } from "../telemetry/Measure.ts"
import { sent } from "./CountedConnection.ts"

/** Takes the write lock at once: a transaction that reads first could fail at its first write. */
export const begin = "BEGIN IMMEDIATE"

/** The stores have about thirty statements, plus one for each row count of a bulk insert. */
const cachedStatements = 128
/** A statement of hundreds of rows compiles quickly compared with its run, and takes much memory. */
const longestCachedSql = 4096

export interface SqliteCalls {
  readonly database: DatabaseSync
  /** These throw the exceptions of `node:sqlite`. The metrics are those of the context. */
  readonly all: Call<ReadonlyArray<Row>>
  readonly values: Call<ReadonlyArray<ReadonlyArray<unknown>>>
  readonly run: Call<unknown>
}

type Call<A> = (context: Context.Context<never>, sql: string, params: ReadonlyArray<unknown>) => A

export const make = (database: DatabaseSync): SqliteCalls => {
  const prepare = cachedPrepare(database)
  return {
    database,
    all: timed((sql, params) => prepare(sql).all(...params) as ReadonlyArray<Row>),
    values: timed((sql, params) => {
      const statement = database.prepare(sql)
      statement.setReturnArrays(true)
      return statement.all(...params) as unknown as ReadonlyArray<ReadonlyArray<unknown>>
    }),
    run: timed((sql, params) => prepare(sql).run(...params)),
  }
}

/** Counts at the start, because a statement that fails was sent as well. */
const timed =
  <A>(call: (sql: string, params: ReadonlyArray<SQLInputValue>) => A): Call<A> =>
  (context, sql, params) => {
    sent(sql)(context)
    const clock = Context.get(context, Clock.Clock)
    const began = monotonicMillis(clock)
    // The interface says `unknown`. `node:sqlite` throws a TypeError for a value that SQLite cannot hold.
    const result = call(sql, params as ReadonlyArray<SQLInputValue>)
    statementTook(monotonicMillis(clock) - began)(context)
    return result
  }

/** Evicts the least recently used statement; the garbage collector finalises it. */
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

export const exitOf = <A>(call: () => A): Exit.Exit<A, SqlError> => {
  try {
    return Exit.succeed(call())
  } catch (cause) {
    return Exit.fail(sqlError("execute", cause))
  }
}

/** Runs the call of a statement: at once, or when the connection is free. */
type Making = <A>(sql: string, call: (context: Context.Context<never>) => A) => Effect.Effect<A, SqlError>

export const atOnce = <A>(call: (context: Context.Context<never>) => A): Effect.Effect<A, SqlError> =>
  Effect.contextWith((context: Context.Context<never>) => exitOf(() => call(context)))

export const connection = (calls: SqliteCalls, make: Making): Connection => {
  const execute: Connection["execute"] = (sql, params, transformRows = identity) =>
    make(sql, (context) => transformRows(calls.all(context, sql, params)))
  const executeValues: Connection["executeValues"] = (sql, params) =>
    make(sql, (context) => calls.values(context, sql, params))
  return {
    execute,
    executeUnprepared: execute,
    executeValues,
    executeValuesUnprepared: executeValues,
    executeRaw: (sql, params) => make(sql, (context) => calls.run(context, sql, params)),
    executeStream: (sql, params, transformRows) =>
      Stream.fromIterableEffect(execute(sql, params, transformRows)),
  }
}

export const sqlError = (operation: string, cause: unknown): SqlError =>
  new SqlError({
    reason: classifySqliteError(withErrno(cause), {
      message: cause instanceof Error ? cause.message : String(cause),
      operation,
    }),
  })

/**
 * SQLITE_CONSTRAINT_PRIMARYKEY is a uniqueness violation too, as in PostgreSQL (https://www.sqlite.org/rescode.html).
 */
const primaryKeyViolation = 1555
const uniqueViolation = 2067

/** `node:sqlite` has the result code in `errcode`; `effect/sql` reads it from `errno`. */
const withErrno = (cause: unknown): unknown => {
  if (!(cause instanceof Error) || !("errcode" in cause)) return cause
  return Object.assign(cause, {
    errno: cause.errcode === primaryKeyViolation ? uniqueViolation : cause.errcode,
  })
}
