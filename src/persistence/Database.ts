/**
 * The one database of a service, migrated: PostgreSQL where a URL is configured (several replicas share it), else SQLite in
 * the data folder. Whoever reads rows cannot tell which: `BIGINT` comes back as a number from both.
 *
 * The start fails when the database cannot be reached or migrated. What it says never holds the URL's password, and it
 * carries no cause, because the parts of one (Node's `ERR_INVALID_URL.input`) may.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as PgTypes from "@effect/sql-pg/PgTypes"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as Path from "node:path"
import { reasonOf } from "../domain/Reason.ts"
import { migrate } from "./Migrations.ts"
import * as SqliteClient from "./SqliteClient.ts"

/** `database` is the file, or the server's address and the name of its database. */
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
  /** Where `crossfade.db` is when there is no URL. */
  readonly dataDir: string
}

export const layer = (options: DatabaseOptions): Layer.Layer<SqlClient.SqlClient, DatabaseUnavailable> => {
  const file = Path.join(options.dataDir, "crossfade.db")
  const [database, client] =
    options.databaseUrl === undefined
      ? [file, SqliteClient.layer({ filename: file })]
      : [address(options.databaseUrl), postgres(options.databaseUrl)]
  return Layer.effectDiscard(migrate).pipe(
    Layer.provideMerge(client),
    Layer.catch((error) =>
      Layer.effect(SqlClient.SqlClient, new DatabaseUnavailable({ database, reason: reasonOf(error) })),
    ),
  )
}

/** The connect timeout is sql-pg's 5 s, or what `connect_timeout` in the URL says. */
const postgres = (url: Redacted.Redacted<string>) =>
  PgClient.layer({ url, maxConnections: 10, applicationName: "crossfade", types: numbersForInt8() })

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

const address = (url: Redacted.Redacted<string>): string => {
  const parsed = URL.parse(Redacted.value(url))
  return parsed === null ? "of DATABASE_URL" : `${parsed.host}${parsed.pathname}`
}
