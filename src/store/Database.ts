/**
 * The migrated database of the service: PostgreSQL if a URL is configured (several replicas share it), else SQLite in
 * the data folder. Both return `BIGINT` as a number, so readers of rows need no difference.
 *
 * The start fails if the database cannot be reached or migrated. The error never contains the URL's password, and it
 * has no cause, because parts of one (Node's `ERR_INVALID_URL.input`) may contain it.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as Path from "node:path"
import { reasonOf } from "../domain/Reason.ts"
import type { Batch } from "../persistence/Batch.ts"
import { migrate, requireTables } from "./Migrations.ts"
import * as PostgresClient from "../persistence/PostgresClient.ts"
import { contradiction, type DatabaseTls } from "../persistence/PostgresTls.ts"
import * as PostgresUrl from "../domain/PostgresUrl.ts"
import * as SqliteClient from "../persistence/SqliteClient.ts"

/** `database`: the file, or the server's address and the database name. */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()("DatabaseUnavailable", {
  database: Schema.String,
  reason: Schema.String,
}) {
  override get message() {
    return `Cannot use the database ${this.database}: ${this.reason}`
  }
}

export interface DatabaseOptions {
  readonly databaseUrl: Redacted.Redacted<string> | undefined
  /** The folder of `crossfade.db` if there is no URL. */
  readonly dataDir: string
  /** Maximum of connections to PostgreSQL. */
  readonly poolSize?: number
  /** The limit for one statement in PostgreSQL; migrations have none. */
  readonly statementTimeoutMs?: number
  /** Undefined: the URL's `sslmode` decides; without it, no TLS. */
  readonly tls?: DatabaseTls | undefined
}

type Client = Layer.Layer<Batch | SqlClient.SqlClient, DatabaseUnavailable>

const named = <E>(database: string, client: Layer.Layer<Batch | SqlClient.SqlClient, E>): Client =>
  Layer.catch(client, (error) =>
    Layer.effectContext(new DatabaseUnavailable({ database, reason: reasonOf(error) })),
  )

/** `first`: the work before anything else uses the client. */
const prepared = <E>(
  options: DatabaseOptions,
  first: Effect.Effect<unknown, E, SqlClient.SqlClient>,
): Client => {
  const { databaseUrl, poolSize = 10, statementTimeoutMs = 5000, tls } = options
  const ready = <E2>(client: Layer.Layer<Batch | SqlClient.SqlClient, E2>) =>
    Layer.provideMerge(Layer.effectDiscard(first), client)
  if (databaseUrl === undefined) {
    const filename = Path.join(options.dataDir, "crossfade.db")
    return named(filename, ready(SqliteClient.layer({ filename })))
  }
  const read = PostgresUrl.parse(Redacted.value(databaseUrl))
  if (Result.isFailure(read))
    return Layer.effectContext(new DatabaseUnavailable({ database: "of DATABASE_URL", reason: read.failure }))
  const url = read.success
  const database = address(url)
  const reason = contradiction(url.sslMode, tls)
  return reason === undefined
    ? named(database, ready(PostgresClient.layer({ url, poolSize, statementTimeoutMs, tls })))
    : Layer.effectContext(new DatabaseUnavailable({ database, reason }))
}

export const layer = (options: DatabaseOptions): Client => prepared(options, migrate)

/** For commands that must not fill a wrong database with tables. */
export const layerExisting = (options: DatabaseOptions): Client =>
  prepared(options, Effect.andThen(requireTables, migrate))

/** Neither migrated nor checked. */
export const layerAsFound = (options: DatabaseOptions): Client => prepared(options, Effect.void)

const address = ({ database, hosts }: PostgresUrl.PostgresUrl): string =>
  `${hosts.map(({ host, port }) => `${host}:${port}`).join(",")}/${database ?? ""}`
