import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { KeyUses, Notes } from "../../src/store/KeyUses.ts"
import { apiKey, memoryApiKeys } from "../support/apiKeys.ts"
import { noon } from "../support/fixtures.ts"

const one = apiKey(1).key.id
const two = apiKey(2).key.id

const withStore = <A, E>(
  store: ReturnType<typeof memoryApiKeys>,
  use: Effect.Effect<A, E, KeyUses>,
): Effect.Effect<A, E> =>
  Effect.andThen(TestClock.setTime(noon), Effect.provide(use, Layer.provide(KeyUses.layer, store.layer)))

describe("last uses of API keys", () => {
  it.effect("are written a minute apart for each key, the last use of the minute, many at once", () => {
    const store = memoryApiKeys()
    return withStore(
      store,
      Effect.gen(function* () {
        const uses = yield* KeyUses
        yield* TestClock.adjust("1 second")
        for (let second = 1; second < 180; second++) {
          uses.note(one, noon + second * 1000)
          if (second === 1) uses.note(two, noon + 1000)
          yield* TestClock.adjust("1 second")
        }
        assert.deepStrictEqual(store.asked.uses, [
          [
            { id: one, at: noon + 4000 },
            { id: two, at: noon + 1000 },
          ],
          [{ id: one, at: noon + 64_000 }],
          [{ id: one, at: noon + 124_000 }],
        ])
      }),
    )
  })

  it.effect("are written once more when the service ends", () => {
    const store = memoryApiKeys()
    return Effect.gen(function* () {
      yield* withStore(
        store,
        Effect.gen(function* () {
          const uses = yield* KeyUses
          uses.note(one, noon)
          yield* TestClock.adjust("5 seconds")
          uses.note(one, noon + 6000)
        }),
      )
      assert.deepStrictEqual(store.asked.uses, [[{ id: one, at: noon }], [{ id: one, at: noon + 6000 }]])
    })
  })

  it.effect("wait for an unavailable store", () => {
    const store = memoryApiKeys()
    store.state.away = true
    return withStore(
      store,
      Effect.gen(function* () {
        const uses = yield* KeyUses
        uses.note(one, noon)
        yield* TestClock.adjust("30 seconds")
        store.state.away = false
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(store.asked.uses, [[{ id: one, at: noon }]])
      }),
    )
  })

  it("are recorded while a key is used, two hundred a transaction", () => {
    const notes = new Notes()
    for (let n = 0; n < 450; n++) notes.note(apiKey(n).key.id, noon)
    let written = 0
    for (let round = 0; round < 3; round++) {
      const due = notes.due(noon, 60_000)
      notes.written(due, noon)
      written += due.length
      assert.isAtMost(due.length, 200)
    }
    assert.deepStrictEqual([written, notes.due(noon, 60_000)], [450, []])
    notes.due(noon + 60_000, 60_000)
    assert.strictEqual(notes.size, 0)
  })
})
