/**
 * A `SqlClient` over a pool of PostgreSQL connections, for several replicas. As on SQLite, `BIGINT` is a number, and
 * statements are counted.
 *
 * The server itself ends statements that run too long and transactions of hanging processes, so neither holds a
 * connection. Poolers refuse these settings; behind one, the settings of the pooler and of the role apply.
 *
 * When the server becomes read-only (it is a standby now) or is gone, a new pool replaces the old one and looks for a
 * server again.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import * as PgPool from "@effect/sql-pg/PgPool"
import * as PgTypes from "@effect/sql-pg/PgTypes"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import { Batch } from "./Batch.ts"
import * as BatchPostgres from "./BatchPostgres.ts"
import { counted } from "./CountedConnection.ts"
import { isReadOnly } from "./DatabaseFault.ts"
import * as PostgresServer from "./PostgresServer.ts"
import type { DatabaseTls } from "./PostgresTls.ts"
import type { PostgresUrl } from "../domain/PostgresUrl.ts"

interface PostgresConfig {
  readonly url: PostgresUrl
  readonly poolSize: number
  readonly statementTimeoutMs: number
  /** Undefined: the URL decides. */
  readonly tls: DatabaseTls | undefined
}

/** Connections open on first use. The wait for one is sql-pg's 5 s, or the URL's `connect_timeout`. */
export const layer = (config: PostgresConfig): Layer.Layer<Batch | SqlClient.SqlClient, SqlError> =>
  Layer.effectContext(make(config)).pipe(Layer.provide(Reactivity.layer))

/**
 * Our transactions wait only for their own next statement. One that is idle for this long belongs to a hanging
 * process, and its locks block others.
 */
const idleTransactionTimeoutMs = 10_000

/** A row of a message may have 16 MiB of text, and the same text in its parts. The driver's default is 16 MiB. */
const maxMessageSize = 64 * 1024 * 1024

const make = Effect.fnUntraced(function* (config: PostgresConfig) {
  const pools = yield* makePools(config)
  const taken = (take: (pool: PgPool.PgPool) => PgPool.PgPool["get"]): Acquirer =>
    Effect.suspend(() => {
      const watch = pools.watch()
      return watch.errors(
        Effect.map(take(watch.pool), (connection) => connectionOf(connection, watch.errors)),
      )
    })
  const sql = yield* SqlClient.make({
    acquirer: taken((pool) => pool.get),
    borrower: (use) => {
      const { errors, pool } = pools.watch()
      return errors(pool.use((connection) => use(connectionOf(connection, identity))))
    },
    transactionAcquirer: taken((pool) => pool.reserve),
    compiler: PgClient.makeCompiler(),
    driver: "pg",
    spanAttributes: [["db.system.name", "postgresql"]],
    commit,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    prepareTransactionControls: true,
  })
  const batch = yield* BatchPostgres.make(sql, {
    count: sharesOf(config.poolSize).batches,
    watch: pools.watch,
  })
  return Context.make(SqlClient.SqlClient, sql).pipe(Context.add(Batch, batch))
})

type Acquirer = Effect.Effect<Connection, SqlError, Scope.Scope>

type Watch = <A, E, R>(use: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

interface Pools {
  /**
   * The current pool and an observer of the errors of its uses. After an error that another server would not return,
   * a new pool replaces it.
   */
  readonly watch: () => BatchPostgres.Watched & { readonly pool: PgPool.PgPool; readonly errors: Watch }
}

/** Batches have connections of their own, so that they do not wait for slow reads, nor reads for slow commits. */
const sharesOf = (poolSize: number) => {
  const batches = Math.floor(poolSize / 2)
  return { batches, others: poolSize - batches }
}

const makePools = Effect.fnUntraced(function* (config: PostgresConfig) {
  const scope = yield* Effect.scope
  const wanted: PostgresServer.Wanted = {
    url: config.url,
    tls: config.tls,
    settings: {
      statement_timeout: String(config.statementTimeoutMs),
      idle_in_transaction_session_timeout: String(idleTransactionTimeoutMs),
      // The planner overestimates the matches of a search, and compiles its plan for 40 ms. Our statements are short.
      jit: "off",
    },
  }
  const types = numbersForInt8()
  const opened = Effect.gen(function* () {
    const { canGroup, server } = yield* PostgresServer.find(wanted)
    const own = yield* Scope.fork(scope)
    const options = { ...server, maxMessageSize, types }
    const shares = canGroup ? sharesOf(config.poolSize) : { batches: 0, others: config.poolSize }
    const pool = yield* Scope.provide(PgPool.make({ ...options, maxConnections: shares.others }), own)
    const batches =
      shares.batches === 0
        ? undefined
        : yield* Scope.provide(PgPool.make(forBatches(options, shares.batches)), own)
    return { pool, batches, close: Scope.close(own, Exit.void) }
  })
  let present = yield* opened
  let isOpening = false
  const renewed = Effect.gen(function* () {
    const before = present
    present = yield* opened
    // Waits for running statements.
    yield* Effect.forkDetach(before.close)
  }).pipe(
    Effect.ignore,
    Effect.ensuring(
      Effect.sync(() => {
        isOpening = false
      }),
    ),
  )
  const hasOthers = config.url.hosts.length > 1
  const renew = (broken: PgPool.PgPool, error: unknown) => {
    const isWrong = isReadOnly(error) || PostgresServer.isAnother(error, hasOthers)
    if (!isWrong || isOpening || broken !== present.pool) return Effect.void
    isOpening = true
    return Effect.forkIn(renewed, scope)
  }
  const pools: Pools = {
    watch: () => {
      const { batches, pool } = present
      const errors: Watch = (use) => Effect.tapError(use, (error) => renew(pool, error))
      return { pool, errors, use: batches && useOnce(batches) }
    },
  }
  return pools
})

/** A failure leaves a connection in an unknown state. */
const useOnce =
  (pool: PgPool.PgPool): BatchPostgres.UseConnection =>
  (use) =>
    pool.use((connection) => Effect.onError(use(connection), () => pool.invalidate(connection)))

/**
 * `CommitGroup` writes without waiting for answers. A BEGIN that ran out of time would let the statements behind it
 * commit one by one, so the limit is one for locks: a turn's statement waits for nothing else.
 */
const forBatches = (options: PgPool.Config, maxConnections: number): PgPool.Config => {
  const { statement_timeout: limit, ...settings } = options.startupParameters ?? {}
  const lockTimeout = limit === undefined ? {} : { lock_timeout: limit }
  return {
    ...options,
    maxConnections,
    multiplex: true,
    multiplexConcurrency: 1,
    startupParameters: { ...settings, statement_timeout: "0", ...lockTimeout },
  }
}

const connectionOf = (connection: PgConnection.PgConnection, watch: Watch): Connection => {
  const run = (prepare: boolean): Connection["execute"] => {
    return (sql, params, transformRows = identity) =>
      watch(Effect.map(connection.query(sql, params, prepare), ({ rows }) => transformRows(rows)))
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

/** PostgreSQL answers `ROLLBACK` to the `COMMIT` of a failed transaction. */
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

/** Epoch milliseconds and counts fit a double. A bigint would make each row differ from SQLite's. */
const numbersForInt8 = (): PgTypes.Registry => {
  const registry = PgTypes.makeRegistry()
  registry.register<number | bigint>(PgTypes.OID.int8, {
    encode: (value) => PgTypes.encode(BigInt(value), PgTypes.OID.int8),
    decode: (bytes) => Result.map(PgTypes.decode(bytes, PgTypes.OID.int8, binaryFormat), Number),
  })
  return registry
}
const binaryFormat = 1
