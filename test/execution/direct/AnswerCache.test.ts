import { assert, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { TestClock } from "effect/testing"
import { AnswerCache } from "../../../src/execution/direct/AnswerCache.ts"
import { layerMemory, maxBytes } from "../../../src/execution/direct/AnswerCacheMemory.ts"
import { layerRedis } from "../../../src/execution/direct/AnswerCacheRedis.ts"
import * as RedisClient from "../../../src/persistence/RedisClient.ts"

/** Quotes, line ends, emoji, NUL, half a character. */
const naughty = `"é\u0301" \r\n 👩‍👩‍👧‍👦 \u0000 \ud800`

/** The contract of every adapter. */
const contract = (name: string, layer: Layer.Layer<AnswerCache>, short: Layer.Layer<AnswerCache>) =>
  describe(`cached answers ${name}`, () => {
    it.live("are returned unchanged, only for their own key", () =>
      Effect.gen(function* () {
        const cache = yield* AnswerCache
        const [key, other] = [crypto.randomUUID(), crypto.randomUUID()]
        // A connection may have to be made first.
        yield* cache
          .put(key, naughty)
          .pipe(Effect.andThen(cache.get(key)), Effect.repeat({ until: (found) => found !== undefined }))
        assert.strictEqual(yield* cache.get(key), naughty)
        assert.isUndefined(yield* cache.get(other))
        yield* cache.put(key, "newer")
        assert.strictEqual(yield* cache.get(key), "newer")
      }).pipe(Effect.provide(layer)),
    )

    it.live("are gone when their time is over", () =>
      Effect.gen(function* () {
        const cache = yield* AnswerCache
        const key = crypto.randomUUID()
        yield* cache
          .put(key, "soon gone")
          .pipe(Effect.andThen(cache.get(key)), Effect.repeat({ until: (found) => found !== undefined }))
        assert.isUndefined(
          yield* cache.get(key).pipe(Effect.repeat({ until: (found) => found === undefined })),
        )
      }).pipe(Effect.provide(short)),
    )
  })

contract("in memory", layerMemory("1 minute"), layerMemory("50 millis"))

describe("cached answers in memory", () => {
  it.effect("are bounded in bytes: the least recently used is evicted first", () =>
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      const quarter = "x".repeat(maxBytes / 8 - 200)
      for (const key of ["a", "b", "c", "d"]) yield* cache.put(key, quarter)
      assert.isDefined(yield* cache.get("a"))
      yield* cache.put("e", quarter)
      assert.isUndefined(yield* cache.get("b"))
      for (const key of ["a", "c", "d", "e"]) assert.isDefined(yield* cache.get(key))
      // The same key again takes no more room.
      for (let again = 0; again < 10; again++) yield* cache.put("a", quarter)
      assert.isDefined(yield* cache.get("c"))
    }).pipe(Effect.provide(layerMemory("1 minute"))),
  )

  it.effect("do not live longer when they are used", () =>
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      yield* cache.put("a", "x")
      yield* TestClock.adjust("40 seconds")
      assert.isDefined(yield* cache.get("a"))
      yield* TestClock.adjust("20 seconds")
      assert.isUndefined(yield* cache.get("a"))
    }).pipe(Effect.provide(layerMemory("1 minute"))),
  )
})

const redisUrl = inject("redisUrl")
describe.skipIf(redisUrl === undefined)("with a Redis", () => {
  const over = (timeToLive: "1 minute" | "50 millis") =>
    Layer.provide(layerRedis(timeToLive), RedisClient.layer(Redacted.make(redisUrl ?? "")))
  contract("in Redis", over("1 minute"), over("50 millis"))
})

describe("a Redis that is away", () => {
  it.live("is a miss, and nothing fails", () =>
    Effect.gen(function* () {
      const cache = yield* AnswerCache
      yield* cache.put("a", "x")
      assert.isUndefined(yield* cache.get("a"))
    }).pipe(
      Effect.provide(
        Layer.provide(layerRedis("1 minute"), RedisClient.layer(Redacted.make("redis://127.0.0.1:1"))),
      ),
    ),
  )
})
