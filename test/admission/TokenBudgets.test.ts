import { assert, describe, it } from "@effect/vitest"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import { inject } from "vitest"
import type { Owner } from "../../src/admission/OpenStreams.ts"
import * as TokenBudgetsRedis from "../../src/admission/TokenBudgetsRedis.ts"
import { dayMs, dayOf } from "../../src/admission/TokenBudget.ts"
import { type DailyLimits, TokenBudgets } from "../../src/admission/TokenBudgets.ts"
import { Replica } from "../../src/platform/Replica.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { TokenSpend } from "../../src/store/TokenSpend.ts"
import { ownRedis } from "../sharing/replicas.ts"
import { budgetsInMemory, budgetsOverRedis, someone } from "./limits.ts"

const limits = { user: 5000, org: 8000 }

/** The stored spend of earlier turns, by user and by organisation; with `down` the store fails. */
const store = (before: Readonly<Record<string, number>> = {}) => {
  const state = { down: false, asked: 0 }
  const layer = Layer.succeed(TokenSpend, {
    spent: (_, orgId, userId) =>
      Effect.suspend(() => {
        state.asked += 1
        return state.down
          ? Effect.fail(new StoreError({ operation: "TokenSpend.spent", cause: "down" }))
          : Effect.succeed(before[userId ?? orgId] ?? 0)
      }),
    add: () => Effect.void,
  })
  return { state, layer }
}

/** One turn from its reservation to its end, and the answer to it. */
const turn = Effect.fnUntraced(function* (owner: Owner, tokens: number, promptTokens = 10) {
  const budgets = yield* TokenBudgets
  const answer = yield* budgets.reserve(owner, () => promptTokens)
  if (answer?._tag === "Reserved") yield* budgets.settle(answer.reservation, tokens)
  return answer
})

const begun = Effect.fnUntraced(function* (owner: Owner, promptTokens = 10) {
  const answer = yield* (yield* TokenBudgets).reserve(owner, () => promptTokens)
  return answer
})

const budget = (answer: Effect.Success<ReturnType<typeof turn>>) =>
  answer?._tag === "Refused"
    ? `${answer.of} ${answer.isSpent ? "spent" : "reserved"}`
    : answer?.budget.remaining

type Layers = (limits: DailyLimits, spend: Layer.Layer<TokenSpend>) => Layer.Layer<TokenBudgets>

/** The Redis connection needs a running clock. */
const on =
  (layers: Layers, own: DailyLimits = limits, spend = store().layer) =>
  <A, E>(use: Effect.Effect<A, E, TokenBudgets>) =>
    Effect.flatMap(TestClock.withLive(Layer.build(layers(own, spend))), (context) =>
      Effect.provide(use, context),
    )

/** The contract of every adapter of `TokenBudgets`. */
const contract = (name: string, layers: Layers) =>
  describe(`token budgets ${name}`, () => {
    it.effect("X9: start a user's turns until the budget is spent, at most one request beyond it", () =>
      Effect.gen(function* () {
        const ana = someone()
        let spent = 0
        for (let index = 0; index < 100; index++) {
          const answer = yield* turn(ana, 300)
          if (answer?._tag === "Reserved") spent += 300
        }
        assert.isAtLeast(spent, limits.user)
        assert.isBelow(spent, limits.user + 300)
        assert.strictEqual(budget(yield* turn(ana, 300)), "user spent")
        assert.isNumber(budget(yield* turn(someone(), 300)))
      }).pipe(on(layers)),
    )

    it.effect("X9: share an organisation's budget among its users", () =>
      Effect.gen(function* () {
        const ana = someone()
        const bob = someone(ana.orgId)
        yield* turn(ana, 4500)
        yield* turn(bob, 3600)
        assert.strictEqual(budget(yield* turn(bob, 1)), "org spent")
        assert.strictEqual(budget(yield* turn(ana, 1)), "org spent")
      }).pipe(on(layers)),
    )

    it.effect("state the smaller rest, after the turn's own reservation", () =>
      Effect.gen(function* () {
        const ana = someone()
        assert.strictEqual(budget(yield* turn(ana, 100)), limits.user - 1034)
        assert.strictEqual(budget(yield* turn(ana, 100)), limits.user - 200)
        assert.strictEqual(budget(yield* turn(ana, 100, 1000)), limits.user - 1200)
      }).pipe(on(layers)),
    )

    it.effect("X9: reserve for concurrent turns, and return the unused part", () =>
      Effect.gen(function* () {
        const budgets = yield* TokenBudgets
        const ana = someone()
        const answers = yield* Effect.replicateEffect(begun(ana), 6)
        assert.deepStrictEqual(
          answers.map((answer) => answer?._tag),
          ["Reserved", "Reserved", "Reserved", "Reserved", "Reserved", "Refused"],
        )
        assert.strictEqual(budget(answers[5]), "user reserved")
        for (const answer of answers)
          if (answer?._tag === "Reserved") yield* budgets.settle(answer.reservation, 100)
        // From here on the average use of a turn is known.
        const next = yield* Effect.replicateEffect(begun(ana), 50)
        assert.lengthOf(
          next.filter((answer) => answer?._tag === "Reserved"),
          45,
        )
      }).pipe(on(layers)),
    )

    it.effect("return the reservation of a turn that did not begin, and count nothing", () =>
      Effect.gen(function* () {
        const budgets = yield* TokenBudgets
        const ana = someone()
        yield* turn(ana, 100)
        const before = budget(yield* begun(ana))
        const answer = yield* begun(ana)
        if (answer?._tag === "Reserved") yield* budgets.settle(answer.reservation, undefined)
        assert.strictEqual(budget(yield* begun(ana)), Number(before) - 100)
      }).pipe(on(layers)),
    )

    it.effect("have tokens of their own for each day, and count a turn on the day of its start", () =>
      Effect.gen(function* () {
        const budgets = yield* TokenBudgets
        const ana = someone()
        const midnight = (dayOf(yield* TestClock.withLive(Clock.currentTimeMillis)) + 1) * dayMs
        yield* TestClock.setTime(midnight - 2000)
        yield* turn(ana, 4900)
        const late = yield* begun(ana)
        assert.strictEqual(late?.budget.resetMs, 2000)
        assert.strictEqual(budget(yield* begun(ana)), "user reserved")
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(budget(yield* begun(ana)), limits.user - 1034)
        if (late?._tag === "Reserved") yield* budgets.settle(late.reservation, 4900)
        assert.strictEqual(budget(yield* begun(ana)), limits.user - 2068)
      }).pipe(on(layers)),
    )

    it.effect("continue from the stored spend, which they read once", () => {
      const ana = someone()
      const { layer, state } = store({ [ana.userId]: 4000, [ana.orgId]: 7500 })
      return Effect.gen(function* () {
        assert.strictEqual(budget(yield* turn(ana, 100)), 0)
        assert.strictEqual(budget(yield* turn(ana, 100)), 300)
        assert.strictEqual(state.asked, 2)
      }).pipe(on(layers, limits, layer))
    })

    it.effect("refuse turns if the store cannot answer", () => {
      const { layer, state } = store()
      state.down = true
      return Effect.gen(function* () {
        assert.instanceOf(yield* Effect.flip(turn(someone(), 1)), StoreError)
      }).pipe(on(layers, limits, layer))
    })

    it.effect("limit nothing without a budget", () =>
      Effect.gen(function* () {
        assert.isUndefined(yield* turn(someone(), 1_000_000))
      }).pipe(on(layers, { user: 0, org: 0 })),
    )

    it.effect("limit only the organisation if users have no budget", () =>
      Effect.gen(function* () {
        const ana = someone()
        yield* turn(ana, 7999)
        assert.strictEqual(budget(yield* begun(ana)), 0)
        assert.strictEqual(budget(yield* begun(ana)), "org reserved")
      }).pipe(on(layers, { user: 0, org: 8000 })),
    )
  })

contract("in memory", budgetsInMemory)

const redisUrl = inject("redisUrl")

describe.skipIf(redisUrl === undefined)("over Redis", () => {
  contract("over Redis", (own, spend) => budgetsOverRedis(redisUrl ?? "", own, spend))
  const replica = (url: string) => Layer.build(budgetsOverRedis(url, { user: 5000, org: 0 }, store().layer))

  it.live("X9: two replicas count together", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* replica(redisUrl!), yield* replica(redisUrl!)]
      const ana = someone()
      let spent = 0
      for (let index = 0; index < 40; index++) {
        const answer = yield* Effect.provide(turn(ana, 300), index % 2 === 0 ? one : other)
        if (answer?._tag === "Reserved") spent += 300
      }
      assert.strictEqual(spent, 5100)
    }),
  )

  it.live("a reservation expires in Redis, and its balance after the day", () =>
    Effect.gen(function* () {
      const context = yield* replica(redisUrl!)
      const redis = Context.get(context, Redis.Redis)
      const ana = someone()
      yield* Effect.provide(begun(ana), context)
      const day = dayOf(yield* Clock.currentTimeMillis)
      const name = `${day}:user:${ana.orgId}:${ana.userId}`
      const lapses = yield* redis.send<ReadonlyArray<string>>(
        "ZRANGE",
        `crossfade:reserved:${name}`,
        "0",
        "-1",
      )
      assert.lengthOf(lapses, 1)
      const left = yield* redis.send<number>("PTTL", `crossfade:tokens:${name}`)
      assert.isTrue(left > dayMs && left <= 2 * dayMs)
      assert.strictEqual(yield* redis.send<string>("HGET", `crossfade:tokens:${name}`, "reserved"), "1034")
      yield* redis.send("ZADD", `crossfade:reserved:${name}`, "1", lapses[0]!)
      assert.strictEqual(budget(yield* Effect.provide(begun(ana), context)), 5000 - 1034)
    }),
  )

  it.live("counts a turn once if Redis recorded its end and the reply was lost", () =>
    Effect.gen(function* () {
      const state = { loses: false }
      const forgetful = Layer.effect(
        Redis.Redis,
        Effect.map(Redis.Redis, (redis) => ({
          ...redis,
          eval:
            (script) =>
            (...parameters) =>
              Effect.filterOrFail(
                redis.eval(script)(...parameters),
                () => !state.loses,
                () => new Redis.RedisError({ cause: new Error("lost") }),
              ),
        })),
      )
      const context = yield* Layer.build(
        TokenBudgetsRedis.layerRedis({ user: 5000, org: 0 }).pipe(
          Layer.provide(forgetful),
          Layer.provide([store().layer, Layer.provide(Replica.layer, layerWebCrypto)]),
          Layer.provide(Layer.effect(Redis.Redis, Effect.map(replica(redisUrl!), Context.get(Redis.Redis)))),
        ),
      )
      const other = yield* replica(redisUrl!)
      const ana = someone()
      const answer = yield* Effect.provide(begun(ana), context)
      assert.strictEqual(answer?._tag, "Reserved")
      state.loses = true
      if (answer?._tag === "Reserved")
        yield* Context.get(context, TokenBudgets).settle(answer.reservation, 1000)
      state.loses = false
      const ask = Effect.map(Effect.provide(turn(ana, 0), context), budget)
      // Until the next budget read, this process does not know that Redis counts it.
      assert.strictEqual(yield* ask, 2000)
      yield* Effect.repeat(ask, { until: (left) => left === 3000, schedule: Schedule.spaced("50 millis") })
      assert.strictEqual(budget(yield* Effect.provide(turn(ana, 0), other)), 3000)
    }),
  )

  it.live("E2: without Redis the process decides from its own counts, and updates Redis afterwards", () =>
    Effect.gen(function* () {
      const server = yield* ownRedis
      const context = yield* replica(server.url)
      const ana = someone()
      const ask = (tokens: number) => Effect.map(Effect.provide(turn(ana, tokens), context), budget)
      yield* ask(2000)
      yield* server.stop
      assert.strictEqual(yield* ask(2000), 1000)
      yield* ask(2000)
      assert.strictEqual(yield* ask(1), "user spent")
      yield* server.start
      // Another replica without local counts reads them from Redis.
      const other = yield* replica(server.url)
      yield* Effect.repeat(Effect.map(Effect.provide(turn(ana, 0), other), budget), {
        until: (answer) => answer === "user spent",
        schedule: Schedule.spaced("50 millis"),
      })
      assert.strictEqual(yield* ask(1), "user spent")
    }),
  )
})
