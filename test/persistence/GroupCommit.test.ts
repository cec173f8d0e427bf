/** Durable commits of SQLite: several writes wait for one sync of the disk, and none succeeds before it. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { Batch, type Step } from "../../src/persistence/Batch.ts"
import { isFault } from "../../src/persistence/DatabaseFault.ts"
import * as SqliteClient from "../../src/persistence/SqliteClient.ts"
import * as HeldSyncs from "../support/heldSyncs.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

class Missing {
  readonly _tag = "Missing"
}

/** A table of letters in a new file. */
const letters = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const filename = Path.join(folder, "x.db")
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(SqliteClient.layer({ filename }), scope)
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  const { batch, sql } = yield* Effect.all({ sql: SqlClient.SqlClient, batch: Batch }).pipe(
    Effect.provide(context),
  )
  yield* sql`CREATE TABLE letters (letter TEXT NOT NULL PRIMARY KEY)`
  const insert = (letter: string) => sql`INSERT INTO letters ${sql.insert({ letter })}`
  const step = (letter: string): Step => ({ statement: insert(letter) })
  const absent: Step<Missing> = {
    statement: sql`UPDATE letters SET letter = 'z' WHERE letter = 'y' RETURNING letter`,
    orFail: () => new Missing(),
  }
  const stored = Effect.map(sql`SELECT letter FROM letters ORDER BY letter`, (rows) =>
    rows.map((row) => row["letter"]),
  )
  const close = Scope.close(scope, Exit.void)
  return { absent, close, filename, folder, insert, run: batch.run, sql, step, stored }
})

const started = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.forkChild(self, { startImmediately: true })

describe("durable commits of SQLite", () => {
  it.effect(
    "a batch succeeds after a sync that began after its commit, and those that come meanwhile share the next",
    () =>
      Effect.gen(function* () {
        const { run, step, stored } = yield* letters
        const syncs = yield* HeldSyncs.make
        const first = yield* started(run([step("a")]))
        const one = yield* syncs.next
        const others = yield* Effect.forEach(["b", "c", "d"], (letter) => started(run([step(letter)])))
        assert.isUndefined(first.pollUnsafe())
        one.release()
        yield* Fiber.join(first)
        const two = yield* syncs.next
        assert.deepStrictEqual(yield* stored, ["a", "b", "c", "d"])
        assert.deepStrictEqual(
          others.map((fiber) => fiber.pollUnsafe()),
          [undefined, undefined, undefined],
        )
        two.release()
        yield* Fiber.joinAll(others)
        assert.strictEqual(yield* syncs.left, 0)
      }),
  )

  it.effect("a read waits for no sync, and a single statement and a transaction do", () =>
    Effect.gen(function* () {
      const { insert, sql, stored } = yield* letters
      const syncs = yield* HeldSyncs.make
      const single = yield* started(insert("a"))
      const one = yield* syncs.next
      assert.deepStrictEqual(yield* stored, ["a"])
      const transaction = yield* started(sql.withTransaction(insert("b")))
      assert.deepStrictEqual(yield* stored, ["a", "b"])
      assert.isUndefined(single.pollUnsafe())
      one.release()
      yield* Fiber.join(single)
      const two = yield* syncs.next
      assert.isUndefined(transaction.pollUnsafe())
      two.release()
      yield* Fiber.join(transaction)
    }),
  )

  it.effect("a batch that fails takes no other of its group along", () =>
    Effect.gen(function* () {
      const { absent, run, step, stored } = yield* letters
      const syncs = yield* HeldSyncs.make
      const first = yield* started(run([step("a")]))
      const one = yield* syncs.next
      const before = yield* started(run([step("b"), step("c")]))
      const missing = yield* started(Effect.flip(run([step("d"), absent])))
      const twice = yield* started(Effect.flip(run([step("e"), step("a")])))
      const after = yield* started(run([step("f"), step("g")]))
      yield* syncs.end
      one.release()
      yield* Fiber.joinAll([first, before, after])
      assert.strictEqual((yield* Fiber.join(missing))._tag, "Missing")
      assert.strictEqual((yield* Fiber.join(twice)).reason._tag, "UniqueViolation")
      assert.deepStrictEqual(yield* stored, ["a", "b", "c", "f", "g"])
    }),
  )

  it.effect("a refusal waits for the commits that it may depend on", () =>
    Effect.gen(function* () {
      const { absent, run, step } = yield* letters
      const syncs = yield* HeldSyncs.make
      const first = yield* started(run([step("a")]))
      const refused = yield* started(Effect.flip(run([absent])))
      const one = yield* syncs.next
      assert.isUndefined(refused.pollUnsafe())
      one.release()
      yield* Fiber.join(first)
      yield* Fiber.join(refused)
    }),
  )

  it.effect("an interrupted batch has not run, or its commit is awaited", () =>
    Effect.gen(function* () {
      const { run, step, stored } = yield* letters
      const syncs = yield* HeldSyncs.make
      const committed = yield* started(run([step("a")]))
      const one = yield* syncs.next
      const queued = yield* started(run([step("b")]))
      yield* Fiber.interrupt(queued)
      const interrupted = yield* started(Fiber.interrupt(committed))
      assert.isUndefined(interrupted.pollUnsafe())
      one.release()
      yield* Fiber.join(interrupted)
      assert.deepStrictEqual(yield* stored, ["a"])
      assert.strictEqual(yield* syncs.left, 0)
    }),
  )

  it.live(
    "after a failed sync all that wait fail, and writes fail at once until the log is written again",
    () =>
      Effect.gen(function* () {
        const { insert, run, sql, step, stored } = yield* letters
        const syncs = yield* HeldSyncs.make
        const first = yield* started(Effect.flip(run([step("a")])))
        const one = yield* syncs.next
        const single = yield* started(Effect.flip(insert("b")))
        const [began, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        // The log cannot be written again before the end of this transaction.
        const transaction = yield* insert("c").pipe(
          Effect.andThen(Deferred.succeed(began, undefined)),
          Effect.andThen(Deferred.await(end)),
          sql.withTransaction,
          Effect.flip,
          started,
        )
        yield* Deferred.await(began)
        yield* syncs.end
        one.fail("EIO")
        for (const error of yield* Fiber.joinAll([first, single])) assert.isTrue(isFault(error))
        for (const write of [insert("d"), sql.withTransaction(insert("d"))]) {
          const exit = (yield* started(Effect.flip(write))).pollUnsafe()
          assert.isTrue(exit !== undefined && Exit.isSuccess(exit) && isFault(exit.value))
        }
        yield* Deferred.succeed(end, undefined)
        assert.isTrue(isFault(yield* Fiber.join(transaction)))
        yield* Effect.retry(run([step("e")]), Schedule.spaced("20 millis"))
        assert.deepStrictEqual(yield* stored, ["a", "b", "c", "e"])
      }),
  )

  it.effect("batches fail while the log cannot be written again, because it has lost a part", () =>
    Effect.gen(function* () {
      const { filename, run, step } = yield* letters
      const syncs = yield* HeldSyncs.make
      const first = yield* started(Effect.flip(run([step("a")])))
      const one = yield* syncs.next
      yield* syncs.end
      Fs.writeFileSync(`${filename}-wal`, Buffer.alloc(8, 1), { flag: "r+" })
      one.fail("EIO")
      assert.isTrue(isFault(yield* Fiber.join(first)))
      for (const letter of ["b", "c"]) assert.isTrue(isFault(yield* Effect.flip(run([step(letter)]))))
    }),
  )

  it.effect(
    "a commit waits for a transaction of another fiber, and a read of it sees nothing uncommitted",
    () =>
      Effect.gen(function* () {
        const { insert, run, sql, step, stored } = yield* letters
        const [began, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const transaction = insert("a").pipe(
          Effect.andThen(Deferred.succeed(began, undefined)),
          Effect.andThen(Deferred.await(end)),
          sql.withTransaction,
        )
        const other = yield* started(transaction)
        yield* Deferred.await(began)
        const batches = yield* Effect.forEach(["b", "c"], (letter) => started(run([step(letter)])))
        const read = yield* started(stored)
        yield* Deferred.succeed(end, undefined)
        yield* Fiber.joinAll([other, ...batches])
        assert.include(yield* Fiber.join(read), "a")
        assert.deepStrictEqual(yield* stored, ["a", "b", "c"])
      }),
  )
})

describe("checkpoints of SQLite", () => {
  it.effect("keep the log bounded while batches write, and lose none of them", () =>
    Effect.gen(function* () {
      const { close, filename, run, sql } = yield* letters
      const batches = 640
      const text = "x".repeat(100_000)
      yield* Effect.forEach(
        Array.from({ length: batches }, (_, index) => `${index} ${text}`),
        (letter) => run([{ statement: sql`INSERT INTO letters ${sql.insert({ letter })}` }]),
        { concurrency: 8, discard: true },
      )
      assert.isBelow(Fs.statSync(`${filename}-wal`).size, 48 * 1024 * 1024)
      yield* close
      assert.isFalse(Fs.existsSync(`${filename}-wal`))
      const reopened = yield* SqlClient.SqlClient.pipe(
        Effect.provide(yield* Layer.build(SqliteClient.layer({ filename }))),
      )
      assert.deepStrictEqual(yield* reopened`SELECT COUNT(*) FROM letters`.values, [[batches]])
    }),
  )

  it.effect("VACUUM and a truncation of the log run beside writes", () =>
    Effect.gen(function* () {
      const { insert, sql, stored } = yield* letters
      yield* Effect.all(
        [insert("a"), sql`VACUUM`, insert("b"), sql`PRAGMA wal_checkpoint(TRUNCATE)`, insert("c")],
        {
          concurrency: "unbounded",
        },
      )
      assert.deepStrictEqual(yield* stored, ["a", "b", "c"])
    }),
  )
})
