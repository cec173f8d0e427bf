/**
 * No statement of conversations reads a whole table of users' data. SQLite plans without statistics, as in production.
 * PostgreSQL scans small tables, so the test forbids it to, and a scan that remains has no index.
 */
import { assert, describe, inject, it } from "@effect/vitest"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Statement from "effect/sql/Statement"
import { Batch, overClient } from "../../src/persistence/Batch.ts"
import { Replica } from "../../src/platform/Replica.ts"
import * as Database from "../../src/store/Database.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"
import { freshDatabase } from "../support/postgres.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"
import { everyStatement } from "./EveryStatement.ts"
import { newPrincipal } from "./Turns.ts"

type Sent = readonly [sql: string, params: ReadonlyArray<unknown>]

/** The tables that grow with the users' messages. `shadow_pairs` is trimmed, and a day has one row of `token_spend` for each user. */
const large =
  "sessions|messages|runs|attempts|run_events|run_files|feedback|files|deletions|idempotency_keys|search_docs"

/** The indexes that have a few rows at any time. A scan of them is what they are for. */
const small =
  /USING (COVERING )?INDEX (runs_running_of_session|messages_unindexed|sessions_unindexed|\w+_deleted)\b/
/** The operators' lists examine a bounded number of the newest runs. */
const isBounded = /FROM "?runs"? WHERE .* ORDER BY "?id"? DESC LIMIT/

/** The tables that SQLite's plan scans. It names a table, a subquery and an alias in the same way. */
const scannedBySqlite = (plan: ReadonlyArray<string>, text: string): ReadonlyArray<string> =>
  plan.filter((line, index) => {
    const name = /^SCAN (\w+)/.exec(line)?.[1]
    if (name === undefined || small.test(line)) return false
    const isLarge = new RegExp(name.length > 1 ? `^(${large})$` : `\\b(${large}) (AS )?${name}\\b`)
    const subquery = new RegExp(`^(CO-ROUTINE|MATERIALIZE) ${name}$`)
    const before = plan.slice(0, index)
    const subqueries = before.filter((one) => subquery.test(one)).length
    const scans = before.filter((one) => one.startsWith(`SCAN ${name}`)).length
    return isLarge.test(name.length > 1 ? name : text) && scans >= subqueries
  })

const scanned = {
  sqlite: scannedBySqlite,
  pg: (plan: ReadonlyArray<string>) =>
    plan.filter((line) => new RegExp(`Seq Scan on (${large})\\b`).test(line)),
}

/** The batches of SQLite pass by the transformer of statements, and these do not. */
const batch = Layer.effect(Batch, Effect.map(SqlClient.SqlClient, overClient))

const sentBy = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const sent = new Map<string, Sent>()
    const listen: Statement.Transformer = (statement) => {
      const compiled = statement.compile()
      sent.set(compiled[0], compiled)
      return Effect.succeed(statement)
    }
    yield* Effect.provideService(work, Statement.CurrentTransformer, listen)
    return [...sent.values()].filter(([text]) => /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/.test(text))
  })

/** The lines of the plan. */
const planOf = ([text, params]: Sent) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.onDialectOrElse({
      pg: () =>
        Effect.map(sql.unsafe<Record<string, string>>(`EXPLAIN (COSTS OFF) ${text}`, params), (rows) =>
          rows.flatMap((row) => Object.values(row)),
        ),
      orElse: () =>
        Effect.map(sql.unsafe<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, params), (rows) =>
          rows.map(({ detail }) => detail),
        ),
    }),
  )

const scans = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const scansOf = sql.onDialectOrElse({ pg: () => scanned.pg, orElse: () => scanned.sqlite })
  const sent = yield* sentBy(everyStatement(newPrincipal()))
  const found: Array<string> = []
  for (const one of sent) {
    const text = one[0].replaceAll(/\s+/g, " ")
    const lines = isBounded.test(text) ? [] : scansOf(yield* planOf(one), text)
    found.push(...lines.map((line) => `${line.trim()}: ${text}`))
  }
  return { found, sent: sent.length }
})

const suite = <E>(name: string, database: Layer.Layer<Batch | SqlClient.SqlClient, E>) =>
  it.live(`no statement scans a large table on ${name}`, () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { found, sent } = yield* sql.onDialectOrElse({
        pg: () => sql.withTransaction(Effect.andThen(sql`SET LOCAL enable_seqscan = off`, scans)),
        orElse: () => scans,
      })
      assert.isAbove(sent, 100)
      assert.deepStrictEqual(found, [])
    }).pipe(
      Effect.provide(
        SqlStore.layer.pipe(
          Layer.provideMerge(batch),
          Layer.provideMerge(database),
          Layer.provide(Replica.layer),
          Layer.provide(layerWebCrypto),
        ),
      ),
    ),
  )

describe("the plans of statements", () => {
  suite(
    "SQLite",
    Layer.unwrap(
      Effect.map(temporaryFolder, (dataDir) => Database.layer({ databaseUrl: undefined, dataDir })),
    ),
  )
})

const postgresUrl = inject("postgresUrl")
describe.skipIf(postgresUrl === undefined)("the plans of a server's statements", () => {
  suite(
    "PostgreSQL",
    Layer.unwrap(
      Effect.map(freshDatabase(postgresUrl ?? ""), (databaseUrl) =>
        Database.layer({ databaseUrl, dataDir: "unused" }),
      ),
    ),
  )
})
