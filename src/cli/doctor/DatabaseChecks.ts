/** The database: reachable, writable, of a known version, with the same time. Nothing is created or migrated. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import * as Fs from "node:fs"
import { join, resolve } from "node:path"
import * as StageSettings from "../../app/StageSettings.ts"
import type { Settings } from "../../config/Config.ts"
import { reasonOf } from "../../domain/Reason.ts"
import { loadSqlite } from "../../persistence/LoadSqlite.ts"
import * as Database from "../../store/Database.ts"
import { foundStep, newest } from "../../store/Migrations.ts"
import type { Check } from "./Check.ts"
import { skewOf } from "./ClockSkew.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"

const check = "database"

/** `step`: the newest migration; undefined if there are no tables. */
export const stepFinding = (where: string, step: number | undefined, program = newest): Finding => {
  if (step === undefined)
    return warning(
      check,
      `${where} has no tables of Crossfade; \`crossfade serve\` creates them`,
      "If the service has data already, set DATABASE_URL or DATA_DIR to its database.",
    )
  const seen = `${where}, schema step ${step}`
  if (step > program)
    return failed(
      check,
      `${seen}, of a newer Crossfade: this one knows ${program}`,
      "Start the newer version, or restore a backup from before the update.",
    )
  return step < program
    ? ok(check, `${seen}; the next start migrates it to step ${program}`)
    : ok(check, seen)
}

/** Read-only, so that a running service is not disturbed. */
const sqlite = (file: string): Finding => {
  if (!Fs.existsSync(file)) return stepFinding(`SQLite (${file} does not exist)`, undefined)
  const { DatabaseSync } = loadSqlite()
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 250 })
    try {
      const known = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'crossfade_migrations'").get()
      const row =
        known === undefined
          ? undefined
          : database.prepare("SELECT MAX(migration_id) AS step FROM crossfade_migrations").get()
      return stepFinding(`SQLite in ${file}`, typeof row?.["step"] === "number" ? row["step"] : undefined)
    } finally {
      database.close()
    }
  } catch (error) {
    return failed(
      check,
      `${file} cannot be read: ${reasonOf(error)}`,
      "Run this command as the user of the service. If the file is damaged, restore a backup.",
    )
  }
}

interface Server {
  readonly version: string
  readonly read_only: string
  readonly may_create: boolean
  readonly now_ms: number
  readonly connections: number
}

/** Each worker has a pool of its own. */
const serverFinding = (server: Server, { DATABASE_POOL_SIZE, WORKERS }: Settings): ReadonlyArray<Finding> => {
  if (server.read_only !== "off")
    return [
      failed(
        check,
        "the server takes no writes; it may be a standby",
        "Point DATABASE_URL to the primary server, or add target_session_attrs=read-write.",
      ),
    ]
  const forEach = WORKERS === 1 ? "" : ` for each of ${WORKERS} workers`
  return server.connections < DATABASE_POOL_SIZE * WORKERS
    ? [
        warning(
          check,
          `the server allows ${server.connections} connections, and DATABASE_POOL_SIZE is ${DATABASE_POOL_SIZE}${forEach}`,
          "Raise max_connections of the server, or lower DATABASE_POOL_SIZE.",
        ),
      ]
    : []
}

const ask = Effect.fnUntraced(function* (settings: Settings) {
  const sql = yield* SqlClient.SqlClient
  const before = yield* Clock.currentTimeMillis
  const [server] = yield* sql<Server>`SELECT current_setting('server_version') AS version,
    current_setting('transaction_read_only') AS read_only,
    has_schema_privilege(current_schema(), 'CREATE') AS may_create,
    current_setting('max_connections')::int AS connections,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms`
  const after = yield* Clock.currentTimeMillis
  if (server === undefined)
    return [failed(check, "the server gave no answer", "Look at the logs of the server.")]
  const step = yield* foundStep
  const where = `PostgreSQL ${server.version}`
  const mayMigrate = server.may_create || (step !== undefined && step >= newest)
  const rights = mayMigrate
    ? []
    : [
        failed(
          check,
          "this role may not create tables, which the next start needs",
          "Grant CREATE on the schema to the role of DATABASE_URL.",
        ),
      ]
  return [
    stepFinding(where, step),
    ...serverFinding(server, settings),
    ...rights,
    skewOf("the database", server.now_ms, before, after),
  ]
})

const adviceOf = (reason: string): string => {
  if (/password|authentication|role .* does not exist/i.test(reason))
    return "Correct the user and the password in DATABASE_URL."
  if (/database .* does not exist/i.test(reason))
    return "Create the database, or correct its name in DATABASE_URL."
  return /ssl|tls|certificate/i.test(reason)
    ? "Check DATABASE_TLS and sslmode of DATABASE_URL against the server."
    : "Start the server, or correct the address in DATABASE_URL."
}

const postgres = (settings: Settings): Effect.Effect<ReadonlyArray<Finding>> => {
  const options = { ...StageSettings.database(settings), poolSize: 1 }
  return Effect.provide(ask(settings), Database.layerAsFound(options)).pipe(
    Effect.catch((error) => {
      const reason = reasonOf(error)
      return Effect.succeed([failed(check, reason, adviceOf(reason))])
    }),
  )
}

export const checks = (settings: Settings): ReadonlyArray<Check> => [
  {
    name: check,
    run:
      settings.DATABASE_URL === undefined
        ? Effect.sync(() => [sqlite(join(resolve(settings.DATA_DIR), "crossfade.db"))])
        : postgres(settings),
  },
]
