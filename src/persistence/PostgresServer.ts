/**
 * Finds a usable server: the first host of the URL that accepts connections (and writes, if the URL asks for that),
 * the first mode of `sslmode` that the host accepts, and a pooler in between.
 *
 * A pooler such as PgBouncer gives each transaction another session. It refuses session settings, and a statement
 * prepared in one session is unknown in the next; there, each statement carries all it needs.
 */
import * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ConnectionError, isSqlError, SqlError } from "effect/sql/SqlError"
import * as Fs from "node:fs"
import type { ConnectionOptions } from "node:tls"
import { reasonOf } from "../domain/Reason.ts"
import { sqlStateOf } from "./DatabaseFault.ts"
import { type DatabaseTls, type Way, waysToConnect } from "./PostgresTls.ts"
import type { Host, PostgresUrl } from "../domain/PostgresUrl.ts"

/** The connection options that depend on the server. */
type Server = Pick<
  PgConnection.Config,
  | "applicationName"
  | "connectTimeout"
  | "database"
  | "host"
  | "password"
  | "port"
  | "prepare"
  | "ssl"
  | "startupOptions"
  | "startupParameters"
  | "username"
>

export interface Found {
  readonly server: Server
  /** A session stays with its server, and may flush the write-ahead log: see `CommitGroup`. */
  readonly canGroup: boolean
}

export interface Wanted {
  readonly url: PostgresUrl
  readonly tls: DatabaseTls | undefined
  /** Session settings, if the server accepts them. */
  readonly settings: Readonly<Record<string, string>>
}

const refused = (message: string, cause?: unknown) =>
  new SqlError({ reason: new ConnectionError({ cause, message, operation: "connect" }) })

/** Reads the URL's certificates at each connection, because they may be renewed while the service runs. */
const certificatesOf = ({ certificate, key, rootCertificate }: PostgresUrl) =>
  Effect.try({
    try: (): ConnectionOptions => ({
      ...(rootCertificate === undefined || rootCertificate === "system"
        ? {}
        : { ca: Fs.readFileSync(rootCertificate) }),
      ...(certificate === undefined ? {} : { cert: Fs.readFileSync(certificate) }),
      ...(key === undefined ? {} : { key: Fs.readFileSync(key) }),
    }),
    catch: (cause) => refused("A certificate of the URL cannot be read", cause),
  })

/** Without `ca`, Node trusts the system's list and `NODE_EXTRA_CA_CERTS`. */
const sslOf = (way: Way, certificates: ConnectionOptions): boolean | ConnectionOptions => {
  switch (way) {
    case "plain":
      return false
    case "encrypted":
      return { ...certificates, rejectUnauthorized: false }
    case "authority":
      return { ...certificates, checkServerIdentity: () => undefined }
    case "name":
      return certificates
  }
}

/** Each host in each mode. As in libpq, a socket is never encrypted. */
const serversOf = Effect.fnUntraced(function* ({ settings, tls, url }: Wanted) {
  const certificates = yield* certificatesOf(url)
  const ways = waysToConnect(url.sslMode, tls, url.rootCertificate !== undefined)
  const serverOf = ({ host, port }: Host, way: Way): Server => ({
    host,
    port,
    ssl: sslOf(way, certificates),
    username: url.user,
    password: url.password === undefined ? undefined : Redacted.make(url.password),
    database: url.database,
    applicationName: url.applicationName ?? "crossfade",
    startupOptions: url.options,
    connectTimeout:
      url.connectTimeoutSeconds === 0
        ? "Infinity"
        : url.connectTimeoutSeconds && `${url.connectTimeoutSeconds} seconds`,
    startupParameters: settings,
  })
  return url.hosts.flatMap((host) =>
    (host.host.startsWith("/") ? (["plain"] as const) : ways).map((way) => serverOf(host, way)),
  )
})

/** PgBouncer refuses `statement_timeout` and similar settings with 08P01, "unsupported startup parameter". */
const refusesSettings = (error: unknown): boolean =>
  sqlStateOf(error) === "08P01" && reasonOf(error).includes("startup parameter")

/** True if, after this error, another server of the URL or another mode for this one may work. */
export const isAnother = (error: unknown, hasOthers: boolean): boolean => {
  if (!isSqlError(error) || error.reason.operation !== "connect") return false
  const isGone = error.reason._tag === "ConnectionError" || (sqlStateOf(error) ?? "").startsWith("57P")
  return (hasOthers && isGone) || refusesSettings(error)
}

/**
 * Tries a server and returns the way to use it. A server is a pooler if its session differs from the one that it
 * announced.
 */
const tried = (server: Server, isReadWrite: boolean): Effect.Effect<Found, SqlError> =>
  Effect.gen(function* () {
    const connection = yield* PgConnection.make({ ...server, prepare: false })
    const { rows } = yield* connection.query(
      `SELECT pg_backend_pid() AS session, current_setting('transaction_read_only') AS read_only,
        has_function_privilege(to_regprocedure('pg_logical_emit_message(boolean,text,text)'), 'execute') AS flushes`,
    )
    if (isReadWrite && rows[0]?.["read_only"] !== "off") return yield* refused("The server takes no writes")
    const prepare = rows[0]?.["session"] === connection.processId
    return { server: { ...server, prepare }, canGroup: prepare && rows[0]?.["flushes"] === true }
  }).pipe(
    Effect.scoped,
    Effect.catchIf(
      (error) => server.startupParameters !== undefined && refusesSettings(error),
      () => tried({ ...server, startupParameters: undefined }, isReadWrite),
    ),
  )

/** Returns the first usable server; fails with the errors of all of them. */
export const find = Effect.fnUntraced(function* (wanted: Wanted) {
  const failures: Array<string> = []
  const servers = yield* serversOf(wanted)
  for (const server of servers) {
    const found = yield* Effect.result(tried(server, wanted.url.isReadWrite))
    if (found._tag === "Success") return found.success
    if (servers.length === 1) return yield* found.failure
    failures.push(`${server.host}:${server.port}: ${reasonOf(found.failure)}`)
  }
  return yield* refused(failures.join("; "))
})
