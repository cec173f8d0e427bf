import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { hashOf } from "../../src/domain/ApiKey.ts"
import { KnownKeys } from "../../src/store/KnownKeys.ts"
import { apiKey, memoryApiKeys } from "../support/apiKeys.ts"

const found = (hash: string) => Effect.flatMap(KnownKeys, (known) => known.find(hash))
const find = (hash: string) => Effect.map(found(hash), (known) => known?.key)

/** Advances the clock in the steps of real time. */
const pass = (millis: number) => Effect.repeat(TestClock.adjust("100 millis"), { times: millis / 100 - 1 })

/** A look-up while the clock stands still: the store is read at once, or 10 ms after the last read. */
const looked = Effect.fnUntraced(function* (hash: string) {
  const fiber = yield* Effect.forkChild(Effect.result(find(hash)))
  yield* TestClock.adjust("10 millis")
  return yield* Fiber.join(fiber)
})

type Store = ReturnType<typeof memoryApiKeys>
const withStore = <A, E>(store: Store, use: Effect.Effect<A, E, KnownKeys>) =>
  Effect.provide(use, Layer.provide(KnownKeys.layer, store.layer))

/** With a store of one key. */
const withOneKey = <A, E>(
  use: (one: ReturnType<typeof apiKey>, store: Store) => Effect.Effect<A, E, KnownKeys>,
) => {
  const one = apiKey(1)
  const store = memoryApiKeys(one)
  return withStore(store, use(one, store))
}

describe("API keys in memory", () => {
  it.effect("are read from the store once a minute, for any number of uses", () =>
    withOneKey((one, store) =>
      Effect.gen(function* () {
        for (let second = 0; second < 150; second++) {
          assert.deepStrictEqual(yield* find(one.hash), one.key)
          yield* pass(1000)
        }
        assert.deepStrictEqual(store.asked.finds, [1, 1, 1])
      }),
    ),
  )

  it.effect("are refused within a second after another replica revoked them", () => {
    const one = apiKey(1)
    const store = memoryApiKeys(one, apiKey(2))
    return withStore(
      store,
      Effect.gen(function* () {
        // At every moment between two polls.
        for (let offset = 0; offset < 800; offset += 70) {
          const each = apiKey(100 + offset)
          store.kept.set(each.hash, each.key)
          assert.isNull((yield* Effect.fromResult(yield* looked(each.hash)))?.revokedAt)
          yield* TestClock.adjust(offset)
          assert.isNull((yield* find(each.hash))?.revokedAt)
          store.revoke(each.hash)
          yield* pass(1000)
          assert.isNotNull((yield* find(each.hash))?.revokedAt)
        }
      }),
    )
  })

  it.effect("end open streams when they are revoked, and stay in memory while a stream uses them", () => {
    const expiring = apiKey(1, { expiresAt: 1_000_000 })
    const one = apiKey(2)
    const store = memoryApiKeys(expiring, one)
    return withStore(
      store,
      Effect.gen(function* () {
        const first = yield* found(expiring.hash)
        yield* TestClock.adjust("10 millis")
        const stream = yield* Effect.forkChild(found(one.hash))
        yield* TestClock.adjust("10 millis")
        const second = yield* Fiber.join(stream)
        assert.strictEqual(first?.endsAt(), 1_000_000)
        // No request for five minutes, and then one.
        for (let passed = 0; passed < 300; passed++) {
          assert.strictEqual(second?.endsAt(), Number.POSITIVE_INFINITY)
          yield* pass(1000)
        }
        assert.strictEqual(store.asked.finds.length, 2)
        yield* looked(one.hash)
        assert.strictEqual(store.asked.finds.length, 3)
        store.revoke(one.hash)
        yield* pass(500)
        assert.strictEqual(second?.endsAt(), Number.NEGATIVE_INFINITY)
      }),
    )
  })

  it.effect("are refused within a minute after their row was deleted by hand", () =>
    withOneKey((one, store) =>
      Effect.gen(function* () {
        yield* looked(one.hash)
        store.kept.delete(one.hash)
        yield* pass(60_000)
        assert.isUndefined(yield* Effect.fromResult(yield* looked(one.hash)))
      }),
    ),
  )

  it.effect("are read again at once after this replica revoked them", () => {
    const one = apiKey(1)
    const store = memoryApiKeys(one, apiKey(2))
    return withStore(
      store,
      Effect.gen(function* () {
        yield* looked(one.hash)
        store.revoke(one.hash)
        ;(yield* KnownKeys).forget(one.key.id)
        assert.isNotNull((yield* Effect.fromResult(yield* looked(one.hash)))?.revokedAt)
      }),
    )
  })

  it.effect("are read again if their read overlaps a revocation", () => {
    const one = apiKey(1)
    const two = apiKey(2)
    const store = memoryApiKeys(one, two)
    return withStore(
      store,
      Effect.gen(function* () {
        // A second key keeps the polls running.
        yield* looked(two.hash)
        const gate = yield* Deferred.make<void>()
        store.state.gate = Deferred.await(gate)
        const slow = yield* Effect.forkChild(find(one.hash))
        yield* TestClock.adjust("10 millis")
        store.revoke(one.hash)
        // The poll sees the revocation before the read has ended.
        yield* TestClock.adjust("800 millis")
        store.state.gate = Effect.void
        yield* Deferred.succeed(gate, undefined)
        yield* TestClock.adjust("20 millis")
        assert.isNotNull((yield* Fiber.join(slow))?.revokedAt)
        assert.isNotNull((yield* find(one.hash))?.revokedAt)
      }),
    )
  })

  it.effect("are not served after the store has been silent for a second", () =>
    withOneKey((one, store) =>
      Effect.gen(function* () {
        yield* find(one.hash)
        store.state.away = true
        yield* pass(900)
        assert.deepStrictEqual(yield* find(one.hash), one.key)
        yield* pass(500)
        const refused = yield* looked(one.hash)
        assert.strictEqual(refused._tag === "Failure" && refused.failure._tag, "StoreError")
        store.state.away = false
        assert.deepStrictEqual(yield* Effect.fromResult(yield* looked(one.hash)), one.key)
      }),
    ),
  )

  it.effect("are not served by a store that takes longer than a second", () =>
    withOneKey((one, store) =>
      Effect.gen(function* () {
        store.state.gate = Effect.never
        const fiber = yield* Effect.forkChild(Effect.flip(find(one.hash)))
        yield* pass(1000)
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "StoreError")
      }),
    ),
  )

  it.effect("leave memory after a minute, and without keys in memory there are no polls", () =>
    withOneKey((one, store) =>
      Effect.gen(function* () {
        yield* find(one.hash)
        yield* pass(61_000)
        const { polls } = store.asked
        assert.isAbove(polls, 100)
        yield* pass(10_000)
        assert.strictEqual(store.asked.polls, polls)
        yield* looked(one.hash)
        assert.deepStrictEqual(store.asked.finds, [1, 1])
      }),
    ),
  )

  it.effect("are found among more revocations than one poll reads", () => {
    const one = apiKey(1)
    const others = Array.from({ length: 2500 }, (_, n) => apiKey(n + 10))
    const store = memoryApiKeys(one, ...others)
    return withStore(
      store,
      Effect.gen(function* () {
        yield* find(one.hash)
        for (const { hash } of others) store.revoke(hash)
        store.revoke(one.hash)
        yield* pass(500)
        assert.isNotNull((yield* find(one.hash))?.revokedAt)
      }),
    )
  })
})

describe("unknown API keys", () => {
  it.effect("are looked up once a minute", () => {
    const store = memoryApiKeys()
    return withStore(
      store,
      Effect.gen(function* () {
        const hash = hashOf("sk-wrong")
        for (let second = 0; second < 60; second++) {
          assert.isUndefined(yield* find(hash))
          yield* pass(1000)
        }
        assert.deepStrictEqual(store.asked.finds, [1])
        yield* looked(hash)
        assert.deepStrictEqual(store.asked.finds, [1, 1])
      }),
    )
  })

  it.effect(
    "in a flood cost a hundred statements a second, one at a time, and leave a valid key its turn",
    () => {
      const one = apiKey(1)
      const store = memoryApiKeys(one)
      return withStore(
        store,
        Effect.gen(function* () {
          let running = 0
          let most = 0
          store.state.gate = Effect.gen(function* () {
            running += 1
            most = Math.max(most, running)
            yield* Effect.sleep("2 millis")
            running -= 1
          })
          const flood = (round: number) =>
            Effect.forEach(Array.from({ length: 20 }), (_, n) =>
              Effect.forkChild(Effect.result(find(hashOf(`sk-${round}-${n}`)))),
            )
          const valid = yield* Effect.forkChild(Effect.andThen(Effect.sleep("500 millis"), find(one.hash)))
          for (let round = 0; round < 500; round++) {
            yield* flood(round)
            yield* TestClock.adjust("2 millis")
          }
          assert.deepStrictEqual(yield* Fiber.join(valid), one.key)
          assert.isAtMost(store.asked.finds.length, 101)
          assert.isAtMost(Math.max(...store.asked.finds), 100)
          assert.strictEqual(most, 1)
        }),
      )
    },
  )

  it.effect("beyond a thousand in the queue are refused as a failure of the store", () => {
    const store = memoryApiKeys()
    store.state.gate = Effect.never
    return withStore(
      store,
      Effect.gen(function* () {
        const fibers = yield* Effect.forEach(Array.from({ length: 1200 }), (_, n) =>
          Effect.forkChild(Effect.result(find(hashOf(`sk-${n}`)))),
        )
        yield* TestClock.adjust(0)
        const answered = fibers.filter((fiber) => fiber.pollUnsafe() !== undefined).length
        assert.isAtLeast(answered, 100)
        assert.isAtMost(answered, 200)
      }),
    )
  })
})
