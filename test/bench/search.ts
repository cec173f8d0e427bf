/**
 * The search on 2 million messages, on both databases: `npm run explain -- search` prints Markdown. It takes about half an
 * hour and 12 GB in the temporary folder. `USERS=200` makes a small one.
 */
import * as Console from "effect/Console"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SearchReader } from "../../src/chat/SearchReader.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import { Replica } from "../../src/platform/Replica.ts"
import * as Database from "../../src/store/Database.ts"
import { Search } from "../../src/store/Search.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"
import { findBinaries, freshDatabase, start } from "../support/postgres.ts"
import * as Data from "./SearchData.ts"

const rounds = 30
/** Messages that the indexer itself writes, for its rate. */
const indexed = Number(process.env["INDEXED"] ?? 20_000)

const queries: ReadonlyArray<readonly [string, string]> = [
  ["a frequent word", Data.wordOf(1)],
  ["a rare word", Data.wordOf(30_000)],
  ["a Chinese word", "\u4e00\u4e05"],
  ["three Chinese characters", "\u4e00\u4e01\u4e02"],
  ["two words", `${Data.wordOf(20)} ${Data.wordOf(300)}`],
  ["a prefix", Data.wordOf(100).slice(0, 2)],
  ["one letter", Data.wordOf(100).slice(0, 1)],
  ["a phrase", `"${Data.wordOf(1)} ${Data.wordOf(2)}"`],
  ["no match", "zzzz"],
]

const quantile = (values: ReadonlyArray<number>, share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? 0

const cpuMs = () => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

/** The value, the milliseconds, and the milliseconds of this process's CPU, which hold on a busy machine too. */
const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const [began, cpu] = [performance.now(), cpuMs()]
    return Effect.map(self, (value) => [value, performance.now() - began, cpuMs() - cpu] as const)
  })

const shown = (values: ReadonlyArray<number>) =>
  [quantile(values, 0), quantile(values, 0.5), quantile(values, 0.95)].map((ms) => ms.toFixed(1)).join(" | ")

const measureQueries = Effect.gen(function* () {
  const reader = yield* SearchReader
  for (const user of [17, Data.largeUser]) {
    const principal: Principal = { ...Data.owner(user), permissions: [] }
    for (const [name, text] of queries) {
      const times: Array<number> = []
      const cpu: Array<number> = []
      let found = 0
      for (let round = 0; round < rounds; round++) {
        const [page, ms, used] = yield* timed(
          reader.find(principal, text, { archived: false }, { limit: 20 }),
        )
        times.push(ms)
        cpu.push(used)
        found = page.entries.length
      }
      const size = user === Data.largeUser ? "10 000" : "100"
      yield* Console.log(
        `| ${size} | ${name} | ${found} | ${shown(times)} | ${quantile(cpu, 0.5).toFixed(1)} |`,
      )
    }
  }
})

const measureIndexing = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { indexNext } = yield* Search
  yield* sql`DELETE FROM search_docs WHERE message_id IN (SELECT id FROM messages ORDER BY id DESC LIMIT ${indexed})`
  yield* sql`UPDATE messages SET indexed = 0 WHERE id IN (SELECT id FROM messages ORDER BY id DESC LIMIT ${indexed})`
  const steps: Array<number> = []
  const cpu: Array<number> = []
  let count = 0
  while (count < indexed) {
    const [some, ms, used] = yield* timed(indexNext)
    if (some === 0) break
    count += some
    steps.push(ms)
    cpu.push(used)
  }
  const seconds = steps.reduce((sum, ms) => sum + ms, 0) / 1000
  yield* Console.log(
    `\n${count} messages indexed in ${steps.length} steps: ${Math.round(count / seconds)} a second\n\n| a step | least ms | median | 95 % | 99 % | most |\n| --- | --- | --- | --- | --- | --- |`,
  )
  for (const [name, values] of [
    ["time", steps],
    ["CPU", cpu],
  ] as const)
    yield* Console.log(
      `| ${name} | ${shown(values)} | ${quantile(values, 0.99).toFixed(1)} | ${Math.max(...values).toFixed(1)} |`,
    )
})

const sizes = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.onDialectOrElse({
    pg: () => sql<{
      name: string
      bytes: number
    }>`SELECT c.relname AS name, pg_total_relation_size(c.oid) - pg_indexes_size(c.oid) AS bytes
      FROM pg_class c WHERE c.relname IN ('messages', 'search_docs')
      UNION ALL SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index WHERE indrelid = 'search_docs'::regclass`,
    orElse: () => sql<{ name: string; bytes: number }>`SELECT name, SUM(pgsize) AS bytes FROM dbstat
      WHERE name = 'messages' OR name LIKE 'search%' OR name LIKE 'sqlite_autoindex_search%' GROUP BY name`,
  }),
)

const report = (name: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [messages, ms] = yield* timed(Data.fill)
    yield* sql.onDialectOrElse({ pg: () => sql`VACUUM ANALYZE`, orElse: () => sql`ANALYZE sessions` })
    yield* Console.log(`\n${name}: ${messages} messages, written in ${Math.round(ms / 1000)} s\n`)
    yield* Console.log(
      "| messages of the user | query | sessions found | least ms | median | 95 % | CPU ms |\n| --- | --- | --- | --- | --- | --- | --- |",
    )
    yield* measureQueries
    yield* Console.log("\n| table or index | MB |\n| --- | --- |")
    for (const { bytes, name: table } of yield* sizes)
      yield* Console.log(`| ${table} | ${Math.round(bytes / 1e6)} |`)
    yield* measureIndexing
  })

const over = (database: ReturnType<typeof Database.layer>) =>
  SearchReader.layer.pipe(
    Layer.provideMerge(SqlStore.layer),
    Layer.provideMerge(database),
    Layer.provide(Replica.layer),
    Layer.provide(layerWebCrypto),
  )

const run = (name: string, database: ReturnType<typeof Database.layer>) =>
  Effect.runPromise(report(name).pipe(Effect.provide(over(database)), Effect.scoped))

const only = process.env["DATABASE"]
if (only !== "PostgreSQL") {
  const dataDir = mkdtempSync(join(tmpdir(), "search-"))
  await run("SQLite", Database.layer({ databaseUrl: undefined, dataDir })).finally(() =>
    rmSync(dataDir, { recursive: true }),
  )
}
const binaries = findBinaries()
if (only !== "SQLite" && binaries !== undefined) {
  const server = await start(binaries, { shared_buffers: "512MB", max_wal_size: "4GB" })
  const databaseUrl = await Effect.runPromise(freshDatabase(server.url))
  await run(
    "PostgreSQL",
    Database.layer({ databaseUrl, dataDir: "unused", statementTimeoutMs: 600_000 }),
  ).finally(server.stop)
}
