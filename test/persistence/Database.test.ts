import { assert, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Database from "../../src/persistence/Database.ts"
import { freshDatabase } from "../support/postgres.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const postgresUrl = inject("postgresUrl")

/** Opens the database, runs one effect on it, and closes it again. */
const using = <A, E>(
  options: Database.DatabaseOptions,
  run: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>,
) => Effect.scoped(Effect.flatMap(SqlClient.SqlClient, run).pipe(Effect.provide(Database.layer(options))))

const numberOfAgents = (sql: SqlClient.SqlClient) => sql`SELECT COUNT(*) AS agents FROM agents`

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

  it.effect("says which file it cannot use, and why", () =>
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

  it.live("says which server it cannot reach, and why, and never the password", () =>
    Effect.gen(function* () {
      const urls = [
        ["postgres://someone:hunter2@127.0.0.1:1/chat", "127.0.0.1:1/chat", "ECONNREFUSED"],
        ["postgres://someone:hunter2@localhost:1/chat", "localhost:1/chat", "ECONNREFUSED"],
        ["postgres://someone:hunter2@nowhere.invalid/chat", "nowhere.invalid/chat", "ENOTFOUND"],
        ["postgres://someone:hunter2@127.0.0.1:hunter2/chat", "of DATABASE_URL", "Invalid"],
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
    it.live("gives BIGINT as a number, up to the last safe integer", () =>
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

    it.live("is migrated once by replicas that start together", () =>
      Effect.gen(function* () {
        const options = { databaseUrl: yield* freshDatabase(postgresUrl!), dataDir: "unused" }
        const counts = yield* Effect.forEach([1, 2, 3, 4], () => using(options, numberOfAgents), {
          concurrency: "unbounded",
        })
        assert.deepStrictEqual(
          counts.flat().map((row) => row["agents"]),
          [1, 1, 1, 1],
        )
      }),
    )
  })
})
