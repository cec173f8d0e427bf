/**
 * A `SqlClient` over a pool of PostgreSQL connections: the database that several replicas share. As on SQLite, `BIGINT`
 * comes back as a number, and what goes over a connection is counted.
 *
 * No connection is held by a statement that PostgreSQL works on for ever, nor by a transaction whose process hangs: the
 * server ends both by itself.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import * as PgPool from "@effect/sql-pg/PgPool"
import * as PgTypes from "@effect/sql-pg/PgTypes"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import type { ConnectionOptions } from "node:tls"
import { Batch, overClient } from "./Batch.ts"
import { counted } from "./CountedConnection.ts"
import type { DatabaseTls } from "./PostgresTls.ts"

export interface PostgresConfig {
  readonly url: Redacted.Redacted<string>
  readonly poolSize: number
  readonly statementTimeoutMs: number
  readonly tls: DatabaseTls
}

/** Connections are opened when they are first needed; the wait for one is sql-pg's 5 s, or `connect_timeout` of the URL. */
export const layer = (config: PostgresConfig): Layer.Layer<Batch | SqlClient.SqlClient, SqlError> =>
  Layer.effectContext(make(config)).pipe(Layer.provide(Reactivity.layer))

/**
 * A transaction of ours waits for nothing but its own next statement. One that stands still this long belongs to a process
 * that hangs, and what it has locked is wanted by others.
 */
const idleTransactionTimeoutMs = 10_000

/** What PostgreSQL takes for a Node `tls` option: whom to trust is the system's list, and `NODE_EXTRA_CA_CERTS`. */
const sslOf: Readonly<Record<DatabaseTls, boolean | ConnectionOptions>> = {
  off: false,
  require: { rejectUnauthorized: false },
  verify: true,
}

const make = Effect.fnUntraced(function* (config: PostgresConfig) {
  const pool = yield* PgPool.make({
    url: config.url,
    ssl: sslOf[config.tls],
    maxConnections: config.poolSize,
    applicationName: "crossfade",
    startupParameters: {
      statement_timeout: String(config.statementTimeoutMs),
      idle_in_transaction_session_timeout: String(idleTransactionTimeoutMs),
    },
    types: numbersForInt8(),
  })
  const sql = yield* SqlClient.make({
    acquirer: Effect.map(pool.get, connectionOf),
    borrower: (use) => pool.use((connection) => use(connectionOf(connection))),
    transactionAcquirer: Effect.map(pool.reserve, connectionOf),
    compiler: PgClient.makeCompiler(),
    driver: "pg",
    spanAttributes: [["db.system.name", "postgresql"]],
    commit,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    prepareTransactionControls: true,
  })
  return Context.make(SqlClient.SqlClient, sql).pipe(Context.add(Batch, overClient(sql)))
})

const connectionOf = (connection: PgConnection.PgConnection): Connection => {
  const run = (prepare: boolean): Connection["execute"] => {
    return (sql, params, transformRows = identity) =>
      Effect.map(connection.query(sql, params, prepare), ({ rows }) => transformRows(rows))
  }
  return counted({
    execute: run(true),
    executeUnprepared: run(false),
    executeRaw: connection.query,
    executeValues: connection.queryValues,
    executeValuesUnprepared: (sql, params) => connection.queryValues(sql, params, false),
    executeStream: connection.stream,
  })
}

/** PostgreSQL answers `ROLLBACK` to the `COMMIT` of a transaction that had failed before. */
const commit = (connection: Connection): Effect.Effect<void, SqlError> =>
  Effect.flatMap(connection.executeRaw("COMMIT", []), (result) =>
    (result as PgConnection.Result).command === "ROLLBACK"
      ? Effect.fail(new SqlError({ reason: rolledBack }))
      : Effect.void,
  )
const rolledBack = new UnknownError({
  cause: undefined,
  message: "COMMIT rolled back a failed transaction",
  operation: "commit",
})

/** Epoch milliseconds and counts fit a double; a bigint would make every row differ from SQLite's. */
const numbersForInt8 = (): PgTypes.Registry => {
  const registry = PgTypes.makeRegistry()
  registry.register<number | bigint>(PgTypes.OID.int8, {
    encode: (value) => PgTypes.encode(BigInt(value), PgTypes.OID.int8),
    decode: (bytes) => Result.map(PgTypes.decode(bytes, PgTypes.OID.int8, binaryFormat), Number),
  })
  return registry
}
const binaryFormat = 1
