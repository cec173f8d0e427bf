import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import * as TestClock from "effect/testing/TestClock"
import { asStoreError } from "../../src/store/SqlStoreError.ts"

const sqlError = new SqlError({ reason: new UnknownError({ cause: "x", message: "no such table" }) })
const method = asStoreError("Runs.begin")

describe("asStoreError", () => {
  it.effect("returns an available answer to its caller before any other fiber runs", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      yield* Effect.forkChild(Effect.sync(() => void order.push("another fiber")))
      assert.strictEqual(yield* method(Effect.succeed(1)), 1)
      assert.deepStrictEqual(order, [])
    }),
  )

  it.effect("names the method for a database error, also as a defect, and for no other error", () =>
    Effect.gen(function* () {
      for (const failure of [Effect.fail(sqlError), Effect.die(sqlError)]) {
        for (const effect of [failure, Effect.andThen(Effect.yieldNow, failure)]) {
          const error = yield* Effect.flip(method(effect))
          assert.deepInclude(error, { _tag: "StoreError", operation: "Runs.begin", cause: sqlError })
        }
      }
      assert.strictEqual(yield* Effect.flip(method(Effect.fail("its own"))), "its own")
      const bug = yield* Effect.flip(Effect.sandbox(method(Effect.die("a bug"))))
      assert.deepInclude(bug.reasons[0], { _tag: "Die", defect: "a bug" })
    }),
  )

  it.effect("waits 5 s for a silent database, even in an uninterruptible fiber", () =>
    Effect.gen(function* () {
      const silent = Effect.uninterruptible(Effect.never)
      const waiting = yield* Effect.forkChild(Effect.flip(method(silent)), { startImmediately: true })
      yield* TestClock.adjust("4999 millis")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(waiting)
      assert.deepInclude(error, { _tag: "StoreError", cause: "no answer in 5 seconds" })
    }),
  )

  it.effect("interrupts the effect when no caller waits", () =>
    Effect.gen(function* () {
      const left = yield* Deferred.make<void>()
      const silent = Effect.onInterrupt(Effect.never, () => Deferred.succeed(left, undefined))
      yield* Effect.forkChild(Effect.ignore(method(silent)), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      yield* Deferred.await(left)
    }),
  )
})
