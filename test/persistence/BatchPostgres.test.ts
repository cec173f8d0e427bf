/** Batches that share one wait for the disk, on a PostgreSQL that is durable and writes nothing on its own for 10 s. */
import { afterAll, assert, beforeAll, describe, inject, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { Batch, type Step } from "../../src/persistence/Batch.ts"
import { sqlStateOf } from "../../src/persistence/DatabaseFault.ts"
import * as Database from "../../src/store/Database.ts"
import * as Postgres from "../support/postgres.ts"

class Missing {
  readonly _tag = "Missing"
}

let server: Postgres.Server

/** One connection carries out batches, so those behind a slow one wait together. */
const poolSize = 3
const on = (databaseUrl: Redacted.Redacted) =>
  Database.layerAsFound({ databaseUrl, dataDir: "unused", poolSize })

/** A database with the letters `x` and `y`, and the means to fill it. */
const letters = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { run } = yield* Batch
  yield* sql`CREATE TABLE letters (letter TEXT NOT NULL PRIMARY KEY, changes INTEGER NOT NULL DEFAULT 0,
    follows TEXT REFERENCES letters (letter) DEFERRABLE INITIALLY DEFERRED)`
  yield* sql`INSERT INTO letters (letter) VALUES ('x'), ('y')`
  const insert = (letter: string, follows: string | null = null): Step => ({
    statement: sql`INSERT INTO letters ${sql.insert({ letter, follows })}`,
  })
  const change = (letter: string): Step<Missing> => ({
    statement: sql`UPDATE letters SET changes = changes + 1 WHERE letter = ${letter} RETURNING letter`,
    orFail: () => new Missing(),
  })
  const kept = Effect.map(sql`SELECT letter FROM letters ORDER BY letter`, (rows) =>
    rows.map((row) => String(row["letter"])).join(""),
  )
  /** Another connection locks a letter until `release`. */
  const held = Effect.fnUntraced(function* (letter: string) {
    const end = yield* Deferred.make<void>()
    const began = yield* Deferred.make<void>()
    const holder = yield* Effect.forkChild(
      sql`SELECT 1 FROM letters WHERE letter = ${letter} FOR UPDATE`.pipe(
        Effect.andThen(Deferred.succeed(began, undefined)),
        Effect.andThen(Deferred.await(end)),
        sql.withTransaction,
        Effect.orDie,
      ),
    )
    yield* Deferred.await(began)
    const release = Effect.andThen(Deferred.succeed(end, undefined), Fiber.join(holder))
    return { release }
  })
  const isLocked = sql`SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`.pipe(
    Effect.repeat({ until: (rows) => rows.length > 0 }),
  )
  const forked = <E>(steps: ReadonlyArray<Step<E>>) =>
    Effect.forkChild(Effect.exit(run(steps)), { startImmediately: true })
  /** Starts the batches while the connection is busy, so they form one group when it is free. */
  const together = Effect.fnUntraced(function* <E>(batches: ReadonlyArray<ReadonlyArray<Step<E>>>) {
    const { release } = yield* held("x")
    const first = yield* forked([change("x"), change("x")])
    yield* isLocked
    const fibers = yield* Effect.forEach(batches, forked)
    yield* release
    assert.isTrue(Exit.isSuccess(yield* Fiber.join(first)))
    return fibers
  })
  return { sql, run, insert, change, kept, held, isLocked, forked, together }
})

const counted = (name: string, kind?: string) =>
  Effect.map(Metric.snapshot, (metrics) =>
    metrics.reduce(
      (sum, { attributes, id, state, type }) =>
        id === name && type === "Counter" && attributes?.["kind"] === kind ? sum + Number(state.count) : sum,
      0,
    ),
  )
const commits = counted("crossfade_db_commits_total")
const statements = counted("crossfade_db_statements_total", "statement")

const onFresh = <A, E>(test: Effect.Effect<A, E, Batch | SqlClient.SqlClient>) =>
  Effect.flatMap(
    Effect.suspend(() => Postgres.freshDatabase(server.url)),
    (url) => Effect.provide(test, on(url)),
  )

const tagOf = (exit: Exit.Exit<unknown, { readonly _tag: string }>): string =>
  Exit.match(exit, {
    onSuccess: () => "stored",
    onFailure: (cause) =>
      cause.reasons.map((reason) => (reason._tag === "Fail" ? reason.error._tag : "?")).join(),
  })

describe.skipIf(inject("postgresUrl") === undefined)("batches that wait for a connection", () => {
  beforeAll(async () => {
    server = await Postgres.start(Postgres.findBinaries()!, {
      ...Postgres.durable,
      wal_writer_delay: "10s",
    })
  })
  afterAll(() => server?.stop())

  it.live("share a commit, at most 16 of them", () =>
    Effect.gen(function* () {
      const { insert, kept, together } = yield* letters
      const before = yield* commits
      const names = [..."abcdefghijklmnopqr"]
      const fibers = yield* together(names.map((name) => [insert(name), insert(name.toUpperCase(), name)]))
      assert.deepStrictEqual(
        (yield* Fiber.joinAll(fibers)).map(tagOf),
        names.map(() => "stored"),
      )
      assert.strictEqual((yield* commits) - before, 3)
      assert.strictEqual((yield* kept).length, 2 * names.length + 2)
    }).pipe(onFresh),
  )

  it.live("survive a crash of the server once they are stored", () =>
    Effect.gen(function* () {
      const url = yield* Postgres.freshDatabase(server.url)
      yield* Effect.gen(function* () {
        const { insert, together } = yield* letters
        const fibers = yield* together([..."abc"].map((name) => [insert(name), insert(`${name}${name}`)]))
        assert.deepStrictEqual((yield* Fiber.joinAll(fibers)).map(tagOf), ["stored", "stored", "stored"])
        yield* Effect.promise(server.down)
      }).pipe(Effect.provide(on(url)))
      yield* Effect.promise(server.up)
      const rows = yield* Effect.provide(
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT letter FROM letters ORDER BY letter`),
        on(url),
      )
      assert.deepStrictEqual(
        rows.map((row) => row["letter"]),
        ["a", "aa", "b", "bb", "c", "cc", "x", "y"],
      )
    }),
  )

  it.live("fail one by one, each with its own error", () =>
    Effect.gen(function* () {
      const { change, insert, kept, together } = yield* letters
      const fibers = yield* together([
        [insert("a"), change("a")],
        [insert("b"), change("no such letter"), insert("c")],
        [insert("d"), insert("x")],
        [insert("e"), insert("f", "no such letter")],
        [insert("g"), insert("h", "g")],
      ])
      const exits = yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(exits.map(tagOf), ["stored", "Missing", "SqlError", "SqlError", "stored"])
      const states = yield* Effect.forEach([exits[2]!, exits[3]!], (exit) => Effect.flip(exit))
      assert.deepStrictEqual(states.map(sqlStateOf), ["23505", "23503"])
      assert.strictEqual(yield* kept, "aghxy")
    }).pipe(onFresh),
  )

  it.live("see each other's rows: of two that take one name, the second is refused", () =>
    Effect.gen(function* () {
      const { insert, kept, sql, together } = yield* letters
      const take = (letter: string): Step<Missing> => ({
        statement: sql`INSERT INTO letters ${sql.insert({ letter })} ON CONFLICT DO NOTHING RETURNING letter`,
        orFail: () => new Missing(),
      })
      const fibers = yield* together([
        [take("a"), insert("b", "a")],
        [take("a"), insert("c", "a")],
      ])
      assert.deepStrictEqual((yield* Fiber.joinAll(fibers)).map(tagOf), ["stored", "Missing"])
      assert.strictEqual(yield* kept, "abxy")
    }).pipe(onFresh),
  )

  it.live("do not wait for one of them that another replica blocks", () =>
    Effect.gen(function* () {
      const url = yield* Postgres.freshDatabase(server.url)
      yield* Effect.gen(function* () {
        const { change, insert, kept, together } = yield* letters
        const another = Context.get(yield* Layer.build(on(url)), SqlClient.SqlClient)
        const connection = yield* another.reserve
        yield* connection.executeRaw("BEGIN", [])
        yield* connection.executeRaw("UPDATE letters SET changes = 1 WHERE letter = 'y'", [])
        const [before, blocked, after] = yield* together([
          [insert("a"), insert("b")],
          [insert("c"), change("y")],
          [insert("d"), insert("e")],
        ])
        assert.strictEqual(tagOf(yield* Fiber.join(before!)), "stored")
        assert.strictEqual(tagOf(yield* Fiber.join(after!)), "stored")
        assert.isUndefined(blocked!.pollUnsafe())
        assert.strictEqual(yield* kept, "abdexy")
        yield* connection.executeRaw("COMMIT", [])
        assert.strictEqual(tagOf(yield* Fiber.join(blocked!)), "stored")
        assert.strictEqual(yield* kept, "abcdexy")
      }).pipe(Effect.scoped, Effect.provide(on(url)))
    }),
  )

  it.live("are not acknowledged if the connection breaks before the disk has them", () =>
    Effect.gen(function* () {
      const { insert, kept, sql, together } = yield* letters
      const breaks: Step = { statement: sql`SELECT pg_terminate_backend(pg_backend_pid())` }
      const fibers = yield* together([
        [insert("a"), insert("b")],
        [insert("c"), breaks],
        [insert("d"), insert("e")],
      ])
      const exits = (yield* Fiber.joinAll(fibers)).map((exit) => (Exit.isSuccess(exit) ? "stored" : "failed"))
      // The first has committed, but not durably. The last had not begun.
      assert.deepStrictEqual(exits, ["failed", "failed", "stored"])
      assert.notInclude(yield* kept, "c")
      assert.include(yield* kept, "de")
    }).pipe(onFresh),
  )

  it.live("are not stored if their callers are interrupted", () =>
    Effect.gen(function* () {
      const { change, forked, held, insert, isLocked, kept } = yield* letters
      const { release } = yield* held("x")
      const running = yield* forked([insert("a"), change("x")])
      yield* isLocked
      const waiting = yield* forked([insert("b"), insert("c")])
      const interruptions = yield* Effect.forEach([running, waiting], (fiber) =>
        Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true }),
      )
      const sent = yield* statements
      yield* release
      yield* Fiber.joinAll(interruptions)
      assert.strictEqual(yield* statements, sent)
      assert.strictEqual(yield* kept, "xy")
    }).pipe(onFresh),
  )

  it.live("do not wait for the connections of other statements", () =>
    Effect.gen(function* () {
      const { insert, run, sql } = yield* letters
      yield* sql.reserve
      yield* sql.reserve
      assert.lengthOf(yield* run([insert("a"), insert("b")]), 2)
    }).pipe(Effect.scoped, onFresh),
  )
})
