import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import * as TestClock from "effect/testing/TestClock"
import { StoreError } from "../../src/store/StoreError.ts"
import { StoreHealth } from "../../src/store/StoreHealth.ts"

const refused = new SqlError({ reason: new ConnectionError({ cause: "refused" }) })

/** A database that answers every statement, or refuses every one. */
const database = () => {
  const state = { up: true, hasRoom: true, writes: 0 }
  const answer = Effect.suspend(() => {
    state.writes += 1
    return state.up ? Effect.succeed([]) : Effect.fail(refused)
  })
  const large = Effect.suspend(() => (state.up && state.hasRoom ? Effect.succeed([]) : Effect.fail(refused)))
  const sql = Object.assign(() => answer, { onDialectOrElse: () => large })
  const layer = StoreHealth.layer.pipe(
    Layer.provide(Layer.succeed(SqlClient.SqlClient, sql as unknown as SqlClient.SqlClient)),
  )
  return { state, layer }
}

describe("StoreHealth", () => {
  it.effect("runs synchronous effects synchronously, and passes failures through", () =>
    Effect.gen(function* () {
      const { whileUp } = yield* StoreHealth
      const order: Array<string> = []
      yield* Effect.forkChild(Effect.sync(() => void order.push("another fiber")))
      yield* whileUp(Effect.sync(() => void order.push("the store")))
      assert.deepStrictEqual(order, ["the store"])
      assert.strictEqual(yield* Effect.flip(whileUp(Effect.fail("its own error"))), "its own error")
    }).pipe(Effect.provide(database().layer)),
  )

  it.effect("refuses at once while the store is away, without a query, until its return", () => {
    const { layer, state } = database()
    return Effect.gen(function* () {
      const { whileUp } = yield* StoreHealth
      state.up = false
      yield* TestClock.adjust("1 second")
      let asked = false
      const ask = Effect.sync(() => (asked = true))
      const error = yield* Effect.flip(whileUp(ask))
      assert.deepInclude(error, { _tag: "StoreError", operation: "StoreHealth.whileUp" })
      assert.isFalse(asked)
      state.up = true
      yield* TestClock.adjust("1 second")
      assert.isTrue(yield* whileUp(ask))
    }).pipe(Effect.provide(layer))
  })

  it.effect("cancels running queries when the store goes away, also uninterruptible ones", () => {
    const { layer, state } = database()
    return Effect.gen(function* () {
      const { whileUp } = yield* StoreHealth
      const left = yield* Deferred.make<void>()
      const silent = Effect.onInterrupt(Effect.never, () => Deferred.succeed(left, undefined))
      const waiting = yield* Effect.forkChild(Effect.uninterruptible(Effect.flip(whileUp(silent))), {
        startImmediately: true,
      })
      yield* TestClock.adjust("1 second")
      assert.isUndefined(waiting.pollUnsafe())
      state.up = false
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "StoreError")
      yield* Deferred.await(left)
    }).pipe(Effect.provide(layer))
  })

  const refusedTurn = Effect.fail(new StoreError({ operation: "Runs.begin", cause: refused }))

  it.effect("treats a store as away that accepts a row but no turn, once a turn has failed", () => {
    const { layer, state } = database()
    return Effect.gen(function* () {
      const { isUp, whileUp } = yield* StoreHealth
      state.hasRoom = false
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(yield* isUp)
      yield* Effect.flip(whileUp(refusedTurn))
      yield* TestClock.adjust("250 millis")
      assert.isFalse(yield* isUp)
      yield* TestClock.adjust("5 seconds")
      assert.isFalse(yield* isUp)
      state.hasRoom = true
      yield* TestClock.adjust("1 second")
      assert.isTrue(yield* isUp)
    }).pipe(Effect.provide(layer))
  })

  it.effect("keeps using a store after one ended connection", () => {
    const { layer } = database()
    return Effect.gen(function* () {
      const { whileUp } = yield* StoreHealth
      yield* Effect.flip(whileUp(refusedTurn))
      assert.strictEqual(yield* whileUp(Effect.succeed("a turn")), "a turn")
      yield* TestClock.adjust("250 millis")
      assert.strictEqual(yield* whileUp(Effect.succeed("a turn")), "a turn")
    }).pipe(Effect.provide(layer))
  })

  it.effect("writes once a second, for any number of callers", () => {
    const { layer, state } = database()
    return Effect.gen(function* () {
      const { isUp, whileUp } = yield* StoreHealth
      yield* TestClock.adjust("1 second")
      const before = state.writes
      for (let second = 0; second < 10; second++) {
        yield* Effect.all([isUp, isUp, whileUp(Effect.void)])
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(state.writes - before, 10)
    }).pipe(Effect.provide(layer))
  })
})
