import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import { inject } from "vitest"
import { OpenStreams, type Owner, type PlaceKind } from "../../src/admission/OpenStreams.ts"
import { Rates } from "../../src/admission/Rates.ts"
import { ownRedis } from "../sharing/replicas.ts"
import { inMemory, overRedis, someone } from "./limits.ts"

const caps = { user: 2, org: 3 }

/** Takes a place until it is freed; returns the answer. */
const taken = Effect.fnUntraced(function* (owner: Owner, kind: PlaceKind = "streams") {
  const places = yield* OpenStreams
  const result = yield* Effect.result(places.take(kind, owner, caps))
  return result._tag === "Success"
    ? { answer: "open", close: places.free(result.success) }
    : { answer: result.failure.of, close: Effect.void }
})

/** True if a turn gets its stream and a place for its run. */
const takenBoth = Effect.fnUntraced(function* (owner: Owner) {
  const places = yield* OpenStreams
  const result = yield* Effect.result(places.takeBoth(owner, caps))
  if (result._tag === "Failure") return `no ${result.failure.kind}`
  return result.success.run === undefined ? "stream" : "both"
})

/** The contract of every adapter of `OpenStreams` and `Rates`. */
const contract = (name: string, layer: Layer.Layer<OpenStreams | Rates>) =>
  describe(`limits ${name}`, () => {
    it.live(
      "L6: admit the allowed streams of a user and an organisation, and one more after one closes",
      () =>
        Effect.gen(function* () {
          const ana = someone()
          const bob = someone(ana.orgId)
          const first = yield* taken(ana)
          const answers = [first, yield* taken(ana), yield* taken(ana), yield* taken(bob), yield* taken(bob)]
          assert.deepStrictEqual(
            answers.map(({ answer }) => answer),
            ["open", "open", "user", "open", "org"],
          )
          assert.strictEqual((yield* taken(someone())).answer, "open")
          yield* first.close
          assert.strictEqual((yield* taken(bob)).answer, "open")
          assert.strictEqual((yield* taken(ana)).answer, "org")
        }).pipe(Effect.provide(layer)),
    )

    it.live(
      "L6: admit as many of 100 concurrent streams as fit; interrupted requests leave no place taken",
      () =>
        Effect.gen(function* () {
          const ana = someone()
          const answers = yield* Effect.all(
            Array.from({ length: 100 }, () => taken(ana)),
            { concurrency: "unbounded" },
          )
          assert.lengthOf(
            answers.filter(({ answer }) => answer === "open"),
            caps.user,
          )
          yield* Effect.forEach(answers, ({ close }) => close)
          const places = yield* OpenStreams
          for (let round = 0; round < 100; round++) {
            const held = Effect.acquireRelease(places.take("streams", ana, caps), places.free)
            const fiber = yield* Effect.forkChild(Effect.scoped(Effect.andThen(held, Effect.yieldNow)))
            for (let step = 0; step < round % 7; step++) yield* Effect.yieldNow
            yield* Fiber.interrupt(fiber)
          }
          assert.deepStrictEqual(
            [yield* taken(ana), yield* taken(ana), yield* taken(ana)].map(({ answer }) => answer),
            ["open", "open", "user"],
          )
        }).pipe(Effect.provide(layer)),
    )

    it.live("X9: count running turns apart; a turn takes a stream and a running place together", () =>
      Effect.gen(function* () {
        const ana = someone()
        const runs = [yield* taken(ana, "runs"), yield* taken(ana, "runs"), yield* taken(ana, "runs")]
        assert.deepStrictEqual(
          runs.map(({ answer }) => answer),
          ["open", "open", "user"],
        )
        assert.strictEqual(yield* takenBoth(ana), "stream")
        yield* runs[0]!.close
        yield* runs[0]!.close
        assert.strictEqual(yield* takenBoth(ana), "both")
        assert.strictEqual(yield* takenBoth(ana), "no streams")
        assert.strictEqual((yield* taken(ana, "runs")).answer, "user")
        const bob = someone(ana.orgId)
        assert.strictEqual(yield* takenBoth(bob), "both")
        assert.strictEqual((yield* taken(bob, "runs")).answer, "org")
      }).pipe(Effect.provide(layer)),
    )

    it.live("X9: count a key's minute down, then state the time until the next turn", () =>
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

  it.live("two replicas share one count, and a closed stream leaves nothing in Redis", () =>
    Effect.gen(function* () {
      const [one, other] = [
        yield* Layer.build(overRedis(redisUrl!)),
        yield* Layer.build(overRedis(redisUrl!)),
      ]
      const ana = someone()
      const here = yield* Effect.provide(taken(ana), one)
      yield* Effect.provide(taken(ana), other)
      assert.strictEqual((yield* Effect.provide(taken(ana), one)).answer, "user")
      assert.strictEqual((yield* Effect.provide(taken(ana), other)).answer, "user")
      yield* here.close
      const again = yield* Effect.provide(taken(ana), other)
      assert.strictEqual(again.answer, "open")
      yield* again.close
      const redis = Context.get(one, Redis.Redis)
      yield* Effect.provide(taken(ana, "runs"), one)
      assert.strictEqual(yield* Effect.provide(takenBoth(ana), other), "both")
      assert.strictEqual((yield* Effect.provide(taken(ana, "runs"), one)).answer, "user")
      // This process has room for a run; the fleet has none.
      const bob = someone()
      yield* Effect.provide(taken(bob, "runs"), one)
      yield* Effect.provide(taken(bob, "runs"), one)
      assert.strictEqual(yield* Effect.provide(takenBoth(bob), other), "stream")
      assert.strictEqual((yield* Effect.provide(taken(bob), other)).answer, "open")
      assert.strictEqual((yield* Effect.provide(taken(bob), other)).answer, "user")
      const key = `crossfade:streams:user:${ana.orgId}:${ana.userId}`
      assert.strictEqual(yield* redis.send<number>("ZCARD", key), 2)
      const lapses = yield* redis.send<number>("PTTL", key)
      assert.isTrue(lapses > 0 && lapses <= 30_000)
      const rates = Context.get(one, Rates)
      yield* Effect.replicateEffect(rates.take(ana.userId, 10), 6)
      assert.strictEqual((yield* Context.get(other, Rates).take(ana.userId, 10)).remaining, 3)
    }),
  )

  it.live(
    "E2: without Redis the process counts locally, and includes the streams that it admitted before",
    () =>
      Effect.gen(function* () {
        const server = yield* ownRedis
        const context = yield* Layer.build(overRedis(server.url))
        const ana = someone()
        const first = yield* Effect.provide(taken(ana), context)
        const rates = Context.get(context, Rates)
        yield* rates.take("ana", 2)
        yield* server.stop
        assert.deepInclude(yield* rates.take("ana", 2), { allowed: true, remaining: 0 })
        assert.isFalse((yield* rates.take("ana", 2)).allowed)
        yield* Effect.provide(taken(ana), context)
        assert.strictEqual((yield* Effect.provide(taken(ana), context)).answer, "user")
        yield* first.close
        assert.strictEqual((yield* Effect.provide(taken(ana), context)).answer, "open")
      }),
  )
})
