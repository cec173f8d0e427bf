import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as SqliteClient from "../../src/persistence/SqliteClient.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const memory = SqliteClient.layer({ filename: ":memory:" })

/** A table with one row: 1, `a`. */
const letters = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE letters (id BIGINT NOT NULL PRIMARY KEY, letter TEXT NOT NULL UNIQUE)`
  yield* sql`INSERT INTO letters ${sql.insert({ id: 1, letter: "a" })}`
  return sql
})

describe("SqliteClient", () => {
  it.effect("creates the folder, for its owner only, and a file with a write-ahead log", () =>
    Effect.gen(function* () {
      const folder = Path.join(yield* temporaryFolder, "a", "b")
      const sql = yield* SqlClient.SqlClient.pipe(
        Effect.provide(yield* Layer.build(SqliteClient.layer({ filename: Path.join(folder, "x.db") }))),
      )
      assert.strictEqual(Fs.statSync(folder).mode & 0o777, 0o700)
      assert.strictEqual(Fs.statSync(Path.join(folder, "x.db")).mode & 0o777, 0o600)
      assert.deepInclude((yield* sql`PRAGMA journal_mode`)[0], { journal_mode: "wal" })
      const normal = 1
      assert.deepInclude((yield* sql`PRAGMA synchronous`)[0], { synchronous: normal })
      assert.deepInclude((yield* sql`PRAGMA foreign_keys`)[0], { foreign_keys: 1 })
      assert.deepInclude((yield* sql`PRAGMA busy_timeout`)[0], { timeout: 250 })
    }),
  )

  it.effect(
    "distinguishes a uniqueness violation, of a column or the primary key, from other violations",
    () =>
      Effect.gen(function* () {
        const sql = yield* letters
        const fail = (row: { id: number | null; letter: string | null }) =>
          Effect.map(Effect.flip(sql`INSERT INTO letters ${sql.insert(row)}`), ({ reason }) => reason)
        const unique = { _tag: "UniqueViolation", isRetryable: false } as const
        assert.deepInclude(yield* fail({ id: 2, letter: "a" }), { ...unique, constraint: "letters.letter" })
        assert.deepInclude(yield* fail({ id: 1, letter: "b" }), { ...unique, constraint: "letters.id" })
        assert.strictEqual((yield* fail({ id: 2, letter: null }))._tag, "ConstraintError")
        const wrong = yield* Effect.flip(sql`SELECT id FROM nowhere`)
        assert.deepInclude(wrong.reason, { _tag: "UnknownError", message: "no such table: nowhere" })
      }).pipe(Effect.provide(memory)),
  )

  it.effect("rolls back a transaction that fails, and isolates it while it runs", () =>
    Effect.gen(function* () {
      const sql = yield* letters
      const insert = (id: number, letter: string) => sql`INSERT INTO letters ${sql.insert({ id, letter })}`
      const failing = insert(2, "b").pipe(
        Effect.andThen(Effect.yieldNow),
        Effect.andThen(insert(3, "a")),
        sql.withTransaction,
        Effect.flip,
      )
      yield* Effect.all([failing, insert(4, "d")], { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* sql`SELECT id FROM letters ORDER BY id`.values, [[1], [4]])
    }).pipe(Effect.provide(memory)),
  )

  it.effect("streams rows, reads them as values and reports the changes of a statement", () =>
    Effect.gen(function* () {
      const sql = yield* letters
      const rows = yield* Stream.runCollect(sql`SELECT letter FROM letters`.stream)
      assert.deepStrictEqual(
        rows.map((row) => row["letter"]),
        ["a"],
      )
      assert.deepStrictEqual(yield* sql`SELECT id, id, letter FROM letters`.values, [[1, 1, "a"]])
      assert.deepInclude(yield* sql`UPDATE letters SET letter = 'z'`.raw, { changes: 1 })
    }).pipe(Effect.provide(memory)),
  )

  it.effect("runs a statement again after hundreds of others", () =>
    Effect.gen(function* () {
      const sql = yield* letters
      for (let n = 0; n < 300; n++) yield* sql.unsafe(`SELECT ${n} AS n`)
      assert.deepStrictEqual(yield* sql.unsafe("SELECT 0 AS n").values, [[0]])
    }).pipe(Effect.provide(memory)),
  )

  it("prints nothing when it is opened", () => {
    const program = `
      import * as Effect from "effect/Effect"
      import * as Layer from "effect/Layer"
      import * as SqliteClient from "./src/persistence/SqliteClient.ts"
      await Effect.runPromise(Effect.scoped(Layer.build(SqliteClient.layer({ filename: ":memory:" }))))`
    const { status, stderr, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
    })
    assert.deepStrictEqual({ status, stderr, stdout }, { status: 0, stderr: "", stdout: "" })
  })
})
