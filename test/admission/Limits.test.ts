import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Scope from "effect/Scope"
import { inject } from "vitest"
import { OpenStreams, type Owner } from "../../src/admission/OpenStreams.ts"
import { Rates } from "../../src/admission/Rates.ts"
import { ownRedis } from "../sharing/replicas.ts"
import { inMemory, overRedis, someone } from "./limits.ts"

const caps = { user: 2, org: 3 }

/** A stream that stays open until it is closed; how it was answered. */
const opened = Effect.fnUntraced(function* (owner: Owner) {
  const streams = yield* OpenStreams
  const scope = yield* Scope.make()
  const result = yield* Effect.result(Scope.provide(streams.open(owner, caps), scope))
  return {
    answer: result._tag === "Success" ? "open" : result.failure.of,
    close: Scope.close(scope, Exit.void),
  }
})

/** What every adapter of `OpenStreams` and `Rates` owes. */
const contract = (name: string, layer: Layer.Layer<OpenStreams | Rates>) =>
  describe(`limits ${name}`, () => {
    it.live(
      "L6: a user and an organisation have as many streams as they may, and one more when one has closed",
      () =>
        Effect.gen(function* () {
          const ana = someone()
          const bob = someone(ana.orgId)
          const first = yield* opened(ana)
          const answers = [
            first,
            yield* opened(ana),
            yield* opened(ana),
            yield* opened(bob),
            yield* opened(bob),
          ]
          assert.deepStrictEqual(
            answers.map(({ answer }) => answer),
            ["open", "open", "user", "open", "org"],
          )
          assert.strictEqual((yield* opened(someone())).answer, "open")
          yield* first.close
          assert.strictEqual((yield* opened(bob)).answer, "open")
          assert.strictEqual((yield* opened(ana)).answer, "org")
        }).pipe(Effect.provide(layer)),
    )

    it.live(
      "L6: of 100 that come at once as many are let in as there is room; those interrupted leave no place taken",
      () =>
        Effect.gen(function* () {
          const ana = someone()
          const answers = yield* Effect.all(
            Array.from({ length: 100 }, () => opened(ana)),
            { concurrency: "unbounded" },
          )
          assert.lengthOf(
            answers.filter(({ answer }) => answer === "open"),
            caps.user,
          )
          yield* Effect.forEach(answers, ({ close }) => close)
          const streams = yield* OpenStreams
          for (let round = 0; round < 100; round++) {
            const fiber = yield* Effect.forkChild(
              Effect.scoped(Effect.andThen(streams.open(ana, caps), Effect.yieldNow)),
            )
            for (let step = 0; step < round % 7; step++) yield* Effect.yieldNow
            yield* Fiber.interrupt(fiber)
          }
          assert.deepStrictEqual(
            [yield* opened(ana), yield* opened(ana), yield* opened(ana)].map(({ answer }) => answer),
            ["open", "open", "user"],
          )
        }).pipe(Effect.provide(layer)),
    )

    it.live("X9: a key has its minute, counted down, and then the time until one comes back", () =>
      Effect.gen(function* () {
        const rates = yield* Rates
        const key = crypto.randomUUID()
        const taken = yield* Effect.replicateEffect(rates.take(key, 3), 4)
        assert.deepStrictEqual(
          taken.map(({ allowed, limit, remaining }) => [allowed, limit, remaining]),
          [
            [true, 3, 2],
            [true, 3, 1],
            [true, 3, 0],
            [false, 3, 0],
          ],
        )
        assert.isTrue(taken[3]!.retryMs > 15_000 && taken[3]!.retryMs <= 20_000, String(taken[3]!.retryMs))
        assert.isTrue((yield* rates.take(crypto.randomUUID(), 3)).allowed)
      }).pipe(Effect.provide(layer)),
    )
  })

contract("in memory", inMemory)

const redisUrl = inject("redisUrl")

describe.skipIf(redisUrl === undefined)("over Redis", () => {
  contract("over Redis", overRedis(redisUrl ?? ""))

  it.live("two replicas count together, and a stream that closed leaves nothing in Redis", () =>
    Effect.gen(function* () {
      const [one, other] = [
        yield* Layer.build(overRedis(redisUrl!)),
        yield* Layer.build(overRedis(redisUrl!)),
      ]
      const ana = someone()
      const here = yield* Effect.provide(opened(ana), one)
      yield* Effect.provide(opened(ana), other)
      assert.strictEqual((yield* Effect.provide(opened(ana), one)).answer, "user")
      assert.strictEqual((yield* Effect.provide(opened(ana), other)).answer, "user")
      yield* here.close
      const again = yield* Effect.provide(opened(ana), other)
      assert.strictEqual(again.answer, "open")
      yield* again.close
      const redis = Context.get(one, Redis.Redis)
      const key = `crossfade:streams:user:${ana.orgId}:${ana.userId}`
      assert.strictEqual(yield* redis.send<number>("ZCARD", key), 1)
      const lapses = yield* redis.send<number>("PTTL", key)
      assert.isTrue(lapses > 0 && lapses <= 30_000)
      const rates = Context.get(one, Rates)
      yield* Effect.replicateEffect(rates.take(ana.userId, 10), 6)
      assert.strictEqual((yield* Context.get(other, Rates).take(ana.userId, 10)).remaining, 3)
    }),
  )

  it.live("E2: while Redis is away the process counts by itself, what it had let in included", () =>
    Effect.gen(function* () {
      const server = yield* ownRedis
      const context = yield* Layer.build(overRedis(server.url))
      const ana = someone()
      const first = yield* Effect.provide(opened(ana), context)
      const rates = Context.get(context, Rates)
      yield* rates.take("ana", 2)
      yield* server.stop
      assert.deepInclude(yield* rates.take("ana", 2), { allowed: true, remaining: 0 })
      assert.isFalse((yield* rates.take("ana", 2)).allowed)
      yield* Effect.provide(opened(ana), context)
      assert.strictEqual((yield* Effect.provide(opened(ana), context)).answer, "user")
      yield* first.close
      assert.strictEqual((yield* Effect.provide(opened(ana), context)).answer, "open")
    }),
  )
})
