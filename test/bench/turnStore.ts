/**
 * The database's cost of a turn, and the share of each index that a turn writes: `npm run explain -- turn` prints Markdown. A
 * turn is its two transactions and the step of the search's indexer. SQLite runs in this process, so its column is
 * processor time; that of PostgreSQL is bytes of write-ahead log, which do not depend on the load of the machine.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { Session } from "../../src/domain/Session.ts"
import * as Database from "../../src/store/Database.ts"
import { Runs } from "../../src/store/Runs.ts"
import { Search } from "../../src/store/Search.ts"
import { attempt, completed, newPrincipal, newTurn, textEntries } from "../store/Turns.ts"
import { findBinaries, freshDatabase, start } from "../support/postgres.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"
import { storesOn } from "../support/storesOn.ts"

const sessions = 20
const turnsEach = Number(process.env["TURNS"] ?? 20)

const hex = (digits: number) =>
  Array.from({ length: digits }, () => Math.floor(16 * Math.random()).toString(16)).join("")

const cpuMs = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

/** One turn of each session, and so on, as with many users. */
const turns = Effect.gen(function* () {
  const { begin, end } = yield* Runs
  const principal = newPrincipal()
  const known: Array<Session> = []
  for (let n = 0; n < sessions * turnsEach; n++) {
    const at = Date.now() + n
    const session = known[n % sessions]
    const made = newTurn(principal, {
      at,
      content: "A question about the invoices of May. ".repeat(3),
      ...(session === undefined ? {} : { session: { ...session, updatedAt: at } }),
    })
    const turn = { ...made, run: { ...made.run, traceId: hex(32) } }
    if (session === undefined) known.push(turn.session)
    const { ended, message } = completed(turn, "A sentence of the answer. ".repeat(20))
    yield* begin(turn)
    const rest = { attempts: [attempt(1, false)], entries: textEntries(1, 48) }
    yield* end({ ...ended, endedAt: at + 500 }, message, rest)
  }
})

const costs = Effect.fnUntraced(function* (work: Effect.Effect<unknown, unknown, Runs | Search>) {
  const sql = yield* SqlClient.SqlClient
  const log = sql.onDialectOrElse({
    pg: () =>
      Effect.map(
        sql<{ bytes: string }>`SELECT CAST(pg_current_wal_insert_lsn() - '0/0' AS TEXT) AS bytes`,
        ([row]) => Number(row?.bytes),
      ),
    orElse: () => Effect.sync(cpuMs),
  })
  const before = yield* log
  yield* work
  return ((yield* log) - before) / (sessions * turnsEach)
})

const indexing = Effect.flatMap(Search, ({ indexNext }) =>
  Effect.repeat(indexNext, { while: (count) => count > 0 }),
)

const measured = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const digits = sql.onDialectOrElse({ pg: () => 0, orElse: () => 3 })
  // After a checkpoint PostgreSQL logs whole pages.
  const turn = yield* costs(turns)
  const index = yield* costs(indexing)
  return `${turn.toFixed(digits)} | ${index.toFixed(digits)}`
})

const indexes = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.onDialectOrElse({
    pg: () => sql<{
      name: string
    }>`SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE NOT i.indisunique AND i.indrelid IN ('sessions'::regclass, 'runs'::regclass, 'messages'::regclass) ORDER BY 1`,
    orElse: () => sql<{
      name: string
    }>`SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOT LIKE '%UNIQUE%'
      AND tbl_name IN ('sessions', 'runs', 'messages') ORDER BY 1`,
  }),
)

const report = (name: string, unit: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* Console.log(
      `\n| ${name}: ${unit} of a turn | its transactions | the indexer |\n| --- | --- | --- |`,
    )
    yield* turns
    yield* indexing
    yield* Console.log(`| with all indexes | ${yield* measured} |`)
    for (const index of yield* indexes) {
      yield* sql`DROP INDEX ${sql(index.name)}`
      yield* Console.log(`| without ${index.name} too | ${yield* measured} |`)
    }
  })

const onSqlite = storesOn(
  Layer.unwrap(Effect.map(temporaryFolder, (dataDir) => Database.layer({ databaseUrl: undefined, dataDir }))),
)
await Effect.runPromise(
  report("SQLite", "ms of processor time").pipe(Effect.provide(onSqlite), Effect.scoped),
)

const binaries = findBinaries()
if (binaries === undefined) throw new Error("No PostgreSQL binaries: run scripts/setup-postgres")
const server = await start(binaries, { max_wal_size: "4GB" })
const onPostgres = storesOn(
  Layer.unwrap(
    Effect.map(freshDatabase(server.url), (databaseUrl) =>
      Database.layer({ databaseUrl, dataDir: "unused" }),
    ),
  ),
)
await Effect.runPromise(
  report("PostgreSQL", "bytes of write-ahead log").pipe(Effect.provide(onPostgres), Effect.scoped),
).finally(server.stop)
