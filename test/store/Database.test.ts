import { assert, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { reasonOf } from "../../src/domain/Reason.ts"
import * as Database from "../../src/store/Database.ts"
import { freshDatabase } from "../support/postgres.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const postgresUrl = inject("postgresUrl")

/** Opens the database, runs one effect on it, and closes it again. */
const using = <A, E>(
  options: Database.DatabaseOptions,
  run: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>,
) => Effect.scoped(Effect.flatMap(SqlClient.SqlClient, run).pipe(Effect.provide(Database.layer(options))))

const numberOfAgents = (sql: SqlClient.SqlClient) => sql`SELECT COUNT(*) AS agents FROM agents`

const refusesNewer = Effect.fnUntraced(function* (options: Database.DatabaseOptions) {
  const step = (id: number) => (sql: SqlClient.SqlClient) =>
    sql`INSERT INTO crossfade_migrations (migration_id, name) VALUES (${id}, 'of_tomorrow')`
  yield* using(options, step(1000))
  const error = yield* Effect.flip(using(options, numberOfAgents))
  assert.match(
    error.message,
    /^Cannot use the database \S+: its schema is of a newer Crossfade \(step 1000, this one knows \d+\)\./,
  )
  assert.include(error.message, "restore a backup")
})

describe("Database", () => {
  it.effect("keeps its rows when the SQLite file is opened again, and migrates once", () =>
    Effect.gen(function* () {
      const options = { databaseUrl: undefined, dataDir: Path.join(yield* temporaryFolder, "data") }
      yield* using(options, (sql) => sql`UPDATE agents SET settings = 'kept'`)
      const agents = yield* using(options, (sql) => sql`SELECT settings FROM agents`.values)
      assert.deepStrictEqual(agents, [["kept"]])
      assert.isTrue(Fs.existsSync(Path.join(options.dataDir, "crossfade.db")))
    }),
  )

  it.effect("refuses a SQLite file of a newer program, and changes nothing in it", () =>
    Effect.gen(function* () {
      yield* refusesNewer({ databaseUrl: undefined, dataDir: yield* temporaryFolder })
    }),
  )

  it.effect("names the unusable file and the reason", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      const file = Path.join(dataDir, "crossfade.db")
      Fs.writeFileSync(file, "not a database, but long enough to look like one ".repeat(100))
      const error = yield* Effect.flip(using({ databaseUrl: undefined, dataDir }, numberOfAgents))
      assert.deepInclude(error, {
        _tag: "DatabaseUnavailable",
        message: `Cannot use the database ${file}: file is not a database`,
      })
    }),
  )

  it.live("names the unreachable server and the reason, but never the password", () =>
    Effect.gen(function* () {
      const urls = [
        ["postgres://someone:hunter2@127.0.0.1:1/chat", "127.0.0.1:1/chat", "ECONNREFUSED"],
        ["postgres://someone:hunter2@localhost:1/chat", "localhost:1/chat", "ECONNREFUSED"],
        ["postgres://someone:hunter2@nowhere.invalid/chat", "nowhere.invalid:5432/chat", "ENOTFOUND"],
        ["postgres://someone:hunter2@127.0.0.1:hunter2/chat", "of DATABASE_URL", "a port is a number"],
      ] as const
      for (const [url, database, reason] of urls) {
        const options = { databaseUrl: Redacted.make(url), dataDir: "unused" }
        const error = yield* Effect.flip(using(options, numberOfAgents))
        assert.deepInclude(error, { _tag: "DatabaseUnavailable", database })
        assert.include(error.message, reason)
        assert.notInclude(JSON.stringify([error, error.message, String(error), error.stack]), "hunter2")
      }
    }),
  )

  describe.skipIf(postgresUrl === undefined)("on PostgreSQL", () => {
    it.live("reads BIGINT as a number, up to the last safe integer", () =>
      Effect.gen(function* () {
        const options = { databaseUrl: yield* freshDatabase(postgresUrl!), dataDir: "unused" }
        const [row] = yield* using(
          options,
          (sql) =>
            sql`SELECT created_at, ${Number.MAX_SAFE_INTEGER} + 0 AS most, COUNT(*) OVER () AS agents FROM agents`,
        )
        assert.isNumber(row!["created_at"])
        assert.deepInclude(row, { most: Number.MAX_SAFE_INTEGER, agents: 1 })
      }),
    )

    it.live("refuses a schema of a newer program", () =>
      Effect.gen(function* () {
        yield* refusesNewer({ databaseUrl: yield* freshDatabase(postgresUrl!), dataDir: "unused" })
      }),
    )

    it.live("is migrated once by eight replicas that start together", () =>
      Effect.gen(function* () {
        const options = { databaseUrl: yield* freshDatabase(postgresUrl!), dataDir: "unused" }
        const read = (sql: SqlClient.SqlClient) =>
          Effect.all([
            numberOfAgents(sql),
            sql`SELECT migration_id FROM crossfade_migrations ORDER BY 1`.values,
          ])
        const seen = yield* Effect.forEach(Array.from({ length: 8 }), () => using(options, read), {
          concurrency: "unbounded",
        })
        for (const [[row], steps] of seen) {
          assert.deepStrictEqual(row, { agents: 1 })
          assert.deepStrictEqual(steps, [
            [1],
            [2],
            [3],
            [4],
            [5],
            [6],
            [7],
            [8],
            [9],
            [10],
            [11],
            [12],
            [13],
            [14],
          ])
        }
      }),
    )

    it.live(
      "lets a migration, and the wait for another replica's, take longer than a statement of a turn",
      () =>
        Effect.gen(function* () {
          const options = { databaseUrl: yield* freshDatabase(postgresUrl!), dataDir: "unused" }
          yield* using(options, numberOfAgents)
          yield* using(options, (sql) =>
            Effect.gen(function* () {
              const holder = yield* sql.reserve
              yield* holder.executeRaw("BEGIN", [])
              yield* holder.executeRaw("LOCK TABLE crossfade_migrations IN ACCESS EXCLUSIVE MODE", [])
              const second = yield* Effect.forkChild(
                using({ ...options, statementTimeoutMs: 100 }, numberOfAgents),
              )
              yield* waiting(sql).pipe(Effect.repeat({ until: (ms) => ms > 300 }))
              yield* holder.executeRaw("ROLLBACK", [])
              assert.deepStrictEqual(yield* Fiber.join(second), [{ agents: 1 }])
            }).pipe(Effect.scoped),
          )
        }),
    )

    it.live("ends a statement that takes too long, and respects the size of its pool", () =>
      Effect.gen(function* () {
        const databaseUrl = yield* freshDatabase(postgresUrl!)
        const options = { databaseUrl, dataDir: "unused", poolSize: 2, statementTimeoutMs: 200 }
        yield* using(options, (sql) =>
          Effect.gen(function* () {
            const error = yield* Effect.flip(sql`SELECT pg_sleep(60)`)
            assert.include(reasonOf(error), "canceling statement due to statement timeout")
            const many = Array.from({ length: 8 }, () => sql`SELECT pg_backend_pid() AS pid, pg_sleep(0.01)`)
            const rows = yield* Effect.all(many, { concurrency: "unbounded" })
            assert.isAtMost(new Set(rows.map(([row]) => row!["pid"])).size, 2)
            const [row] = yield* sql`SHOW idle_in_transaction_session_timeout`
            assert.deepStrictEqual(row, { idle_in_transaction_session_timeout: "10s" })
          }),
        )
      }),
    )

    it.live("does not report a transaction as committed that PostgreSQL has rolled back", () =>
      Effect.gen(function* () {
        const databaseUrl = yield* freshDatabase(postgresUrl!)
        yield* using({ databaseUrl, dataDir: "unused" }, (sql) =>
          Effect.gen(function* () {
            const swallowed = Effect.ignore(sql`SELECT no_such_column FROM agents`)
            const error = yield* Effect.flip(sql.withTransaction(swallowed))
            assert.include(reasonOf(error), "COMMIT rolled back")
          }),
        )
      }),
    )
  })
})

/** The milliseconds of the longest wait for a lock. */
const waiting = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{
      ms: number
    }>`SELECT COALESCE(MAX(EXTRACT(EPOCH FROM clock_timestamp() - query_start) * 1000), 0)::int AS ms
      FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    ([row]) => row!.ms,
  )
