/** The contract of `Batch`, on SQLite and, if the server's binaries are installed, on PostgreSQL. */
import { assert, describe, inject, it, layer as withLayer } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as SqlClient from "effect/sql/SqlClient"
import { Batch, type Step } from "../../src/persistence/Batch.ts"
import * as Database from "../../src/store/Database.ts"
import * as SqliteClient from "../../src/persistence/SqliteClient.ts"
import { freshDatabase } from "../support/postgres.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

class Missing {
  readonly _tag = "Missing"
}

/** A table of letters, empty before each test; the reference to the preceding letter is checked at the commit. */
const letters = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const batch = yield* Batch
  yield* sql`CREATE TABLE IF NOT EXISTS letters (letter TEXT NOT NULL PRIMARY KEY,
    follows TEXT REFERENCES letters (letter) DEFERRABLE INITIALLY DEFERRED)`
  yield* sql`DELETE FROM letters`
  const insert = (letter: string, follows: string | null = null) =>
    sql`INSERT INTO letters ${sql.insert({ letter, follows })}`
  const step = (letter: string, follows: string | null = null): Step => ({
    statement: insert(letter, follows),
  })
  const change = (letter: string): Step<Missing> => ({
    statement: sql`UPDATE letters SET follows = NULL WHERE letter = ${letter} RETURNING letter`,
    orFail: () => new Missing(),
  })
  const kept = Effect.map(sql`SELECT letter FROM letters ORDER BY letter`, (rows) =>
    rows.map((row) => row["letter"]),
  )
  return { sql, run: batch.run, insert, step, change, kept }
})

/** Statements, transaction commands, and the number of timed ones. */
const measured = Effect.map(Metric.snapshot, (metrics) => {
  const counted = (kind: string) =>
    metrics.flatMap(({ attributes, id, state, type }) =>
      id === "crossfade_db_statements_total" && type === "Counter" && attributes?.["kind"] === kind
        ? [Number(state.count)]
        : [],
    )[0] ?? 0
  const timed = metrics.flatMap(({ id, state, type }) =>
    id === "crossfade_db_statement_ms" && type === "Histogram" ? [state.count] : [],
  )[0]
  return [counted("statement"), counted("transaction"), timed ?? 0] as const
})

const costOf = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = yield* measured
    yield* Effect.exit(self)
    return (yield* measured).map((count, index) => count - before[index]!)
  })

/** PostgreSQL gets all statements of a batch at once, also those behind one that fails. */
const suite = (
  name: string,
  layer: Layer.Layer<Batch | SqlClient.SqlClient, unknown>,
  failed: { readonly sent: number; readonly empty: number; readonly error: number },
) =>
  withLayer(layer)(`Batch on ${name}`, (it) => {
    it.effect("returns the rows of each statement, in order", () =>
      Effect.gen(function* () {
        const { change, kept, run, step } = yield* letters
        assert.deepStrictEqual(yield* run([step("a"), change("a"), step("b", "a")]), [
          [],
          [{ letter: "a" }],
          [],
        ])
        assert.deepStrictEqual(yield* kept, ["a", "b"])
        assert.deepStrictEqual(yield* run([change("b")]), [[{ letter: "b" }]])
      }),
    )

    it.effect("stores nothing if a statement that must return a row returns none, and names it", () =>
      Effect.gen(function* () {
        const { change, kept, run, step } = yield* letters
        const missing = yield* Effect.flip(run([step("a"), change("a"), change("z"), step("b")]))
        assert.strictEqual(missing._tag, "Missing")
        assert.deepStrictEqual(yield* kept, [])
        assert.strictEqual((yield* Effect.flip(run([change("z")])))._tag, "Missing")
        yield* run([step("a"), change("a")])
        assert.deepStrictEqual(yield* kept, ["a"])
      }),
    )

    it.effect("stores nothing if a statement or the commit fails", () =>
      Effect.gen(function* () {
        const { kept, run, step } = yield* letters
        const twice = yield* Effect.flip(run([step("a"), step("a"), step("b")]))
        assert.strictEqual(twice.reason._tag, "UniqueViolation")
        const dangling = yield* Effect.flip(run([step("a"), step("b", "nobody")]))
        assert.strictEqual(dangling._tag, "SqlError")
        assert.deepStrictEqual(yield* kept, [])
        yield* run([step("c"), step("d", "c")])
        assert.deepStrictEqual(yield* kept, ["c", "d"])
      }),
    )

    it.effect("joins its caller's transaction, and is rolled back with it", () =>
      Effect.gen(function* () {
        const { change, insert, kept, run, sql, step } = yield* letters
        const failing = insert("a").pipe(
          Effect.andThen(run([step("b"), step("c")])),
          Effect.andThen(Effect.flip(run([step("d"), change("z")]))),
          Effect.andThen(kept),
          Effect.flatMap(Effect.fail),
          sql.withTransaction,
        )
        assert.deepStrictEqual<unknown>(yield* Effect.flip(failing), ["a", "b", "c"])
        assert.deepStrictEqual(yield* kept, [])
      }),
    )

    it.effect("is not rolled back with another fiber's open transaction", () =>
      Effect.gen(function* () {
        const { insert, kept, run, sql, step } = yield* letters
        const [began, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const transaction = insert("a").pipe(
          Effect.andThen(Deferred.succeed(began, undefined)),
          Effect.andThen(Deferred.await(end)),
          Effect.andThen(Effect.fail("taken back")),
          sql.withTransaction,
        )
        const other = yield* Effect.forkChild(Effect.exit(transaction))
        yield* Deferred.await(began)
        const together = yield* Effect.forkChild(run([step("b"), step("c")]), { startImmediately: true })
        const alone = yield* Effect.forkChild(run([step("d")]), { startImmediately: true })
        const statement = yield* Effect.forkChild(insert("e"), { startImmediately: true })
        yield* Deferred.succeed(end, undefined)
        yield* Fiber.joinAll([other, together, alone, statement])
        assert.deepStrictEqual(yield* kept, ["b", "c", "d", "e"])
      }),
    )

    it.effect("counts its statements and the transaction commands, and times the successful ones", () =>
      Effect.gen(function* () {
        const { change, run, step } = yield* letters
        assert.deepStrictEqual(yield* costOf(run([step("a"), change("a"), step("b")])), [3, 2, 5])
        assert.deepStrictEqual(yield* costOf(run([step("c")])), [1, 0, 1])
        assert.deepStrictEqual(yield* costOf(run([step("d"), change("z"), step("e")])), [
          failed.sent,
          2,
          failed.empty,
        ])
        assert.deepStrictEqual(yield* costOf(run([step("d"), step("d"), step("e")])), [
          failed.sent,
          2,
          failed.error,
        ])
      }),
    )
  })

suite(
  "SQLite",
  Layer.unwrap(Effect.map(temporaryFolder, (dataDir) => Database.layer({ databaseUrl: undefined, dataDir }))),
  { sent: 2, empty: 4, error: 3 },
)

describe("Batch on SQLite's one connection", () => {
  it.effect("leaves no open transaction: the next user ends one that was left open", () =>
    Effect.gen(function* () {
      const { kept, run, sql, step } = yield* letters
      const leave = Effect.flatMap(sql.reserve, (connection) =>
        Effect.andThen(
          connection.executeRaw("BEGIN", []),
          connection.executeRaw("INSERT INTO letters VALUES ('left', NULL)", []),
        ),
      ).pipe(Effect.scoped)
      yield* leave
      yield* run([step("a"), step("b")])
      assert.deepStrictEqual(yield* kept, ["a", "b"])
      yield* leave
      assert.deepStrictEqual(yield* kept, ["a", "b"])
    }).pipe(Effect.provide(SqliteClient.layer({ filename: ":memory:" }))),
  )
})

const postgresUrl = inject("postgresUrl")
describe.skipIf(postgresUrl === undefined)("Batch on a server", () => {
  suite(
    "PostgreSQL",
    Layer.unwrap(
      Effect.map(freshDatabase(postgresUrl ?? ""), (databaseUrl) =>
        Database.layer({ databaseUrl, dataDir: "unused" }),
      ),
    ),
    { sent: 3, empty: 5, error: 3 },
  )
})
