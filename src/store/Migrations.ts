/**
 * The schema of the store, step by step. A released migration is never edited; the next one changes its result. Each
 * statement is in the common subset of SQLite and PostgreSQL: ids and JSON are TEXT, times are BIGINT epoch
 * milliseconds, booleans are 0 or 1. Each run of migrations is one transaction, and a second process waits for the
 * first.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import { initial } from "./migrations/0001_initial.ts"
import { breaker } from "./migrations/0002_breaker.ts"
import { rollout } from "./migrations/0003_rollout.ts"
import { autopilot } from "./migrations/0004_autopilot.ts"
import { shadow } from "./migrations/0005_shadow.ts"
import { fleet } from "./migrations/0006_fleet.ts"
import { trace } from "./migrations/0007_trace.ts"
import { answers } from "./migrations/0008_answers.ts"
import { apiKeys } from "./migrations/0009_api_keys.ts"
import { tokenSpend } from "./migrations/0010_token_spend.ts"
import { baseline } from "./migrations/0011_baseline.ts"
import { orgUsage } from "./migrations/0012_org_usage.ts"
import { foreignClients } from "./migrations/0013_foreign_clients.ts"
import { conversations } from "./migrations/0014_conversations.ts"

const migrations = {
  "0001_initial": initial,
  "0002_breaker": breaker,
  "0003_rollout": rollout,
  "0004_autopilot": autopilot,
  "0005_shadow": shadow,
  "0006_fleet": fleet,
  "0007_trace": trace,
  "0008_answers": answers,
  "0009_api_keys": apiKeys,
  "0010_token_spend": tokenSpend,
  "0011_baseline": baseline,
  "0012_org_usage": orgUsage,
  "0013_foreign_clients": foreignClients,
  "0014_conversations": conversations,
}

const steps = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: "crossfade_migrations",
})

/** The newest step that this program knows. */
export const newest = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))

export class SchemaTooNew extends Schema.TaggedError<SchemaTooNew>()("SchemaTooNew", { found: Schema.Int }) {
  override get message(): string {
    return `its schema is of a newer Crossfade (step ${this.found}, this one knows ${newest}). Start that version again, or restore a backup from before the update.`
  }
}

export class NoTables extends Schema.TaggedError<NoTables>()("NoTables", {}) {
  override get message(): string {
    return "it has no tables of Crossfade, and only `crossfade serve` creates them. Set DATABASE_URL to the service's database."
  }
}

/** The newest step of the database; undefined if it has no tables of this service. */
export const foundStep = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql.onDialectOrElse({
    sqlite: () => sql`SELECT name FROM sqlite_master WHERE name = 'crossfade_migrations'`,
    orElse: () => sql`SELECT 1 AS found WHERE to_regclass('crossfade_migrations') IS NOT NULL`,
  })
  if (tables.length === 0) return undefined
  const [row] = yield* sql<{
    found: number | null
  }>`SELECT MAX(migration_id) AS found FROM crossfade_migrations`
  return row?.found ?? undefined
})

export const requireTables = Effect.flatMap(foundStep, (step) =>
  step === undefined ? Effect.fail(new NoTables()) : Effect.void,
)

/** An older program would misread the rows. */
const refuseNewer = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ found: number }>`SELECT MAX(migration_id) AS found FROM crossfade_migrations`
  if (row !== undefined && row.found > newest) return yield* new SchemaTooNew({ found: row.found })
})

/** An arbitrary number that no other program uses as an advisory lock in this database. */
const migrationLock = 0x63726f73

/**
 * Replicas that start together take the lock before the first one checks the table of migrations. A migration's
 * statement, and the wait for another replica's, may exceed the limit of a turn's statements.
 */
const takeTurns = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.onDialectOrElse({
    pg: () =>
      Effect.andThen(
        sql`SET LOCAL statement_timeout = 0`,
        sql`SELECT pg_advisory_xact_lock(${migrationLock})`,
      ),
    orElse: () => Effect.void,
  }),
)

/** Migrates the database; does nothing if it is current. Fails if a newer program has migrated it further. */
export const migrate = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.withTransaction(Effect.all([takeTurns, steps, refuseNewer], { discard: true })),
)
