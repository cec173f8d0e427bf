import { assert, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redis from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as RedisClient from "../../src/persistence/RedisClient.ts"
import { startRedis } from "../support/redis.ts"

const using = (url: string) => Effect.provide(RedisClient.layer(Redacted.make(url)))
const every50ms = Schedule.spaced("50 millis")
const succeeds = (one: Effect.Effect<unknown, Redis.RedisError>) => Effect.retry(one, every50ms)
const echo = Redis.script((text: string) => [text], {
  lua: "return ARGV[1]",
  numberOfKeys: 0,
}).withReturnType<string>()

describe.skipIf(inject("redisUrl") === undefined)("a Redis", () => {
  it.live("that is away fails every command at once, and is used again when it is back, scripts too", () =>
    Effect.gen(function* () {
      const first = yield* Effect.promise(() => startRedis())
      yield* Effect.gen(function* () {
        const { send, eval: run } = yield* Redis.Redis
        yield* succeeds(send("PING"))
        assert.strictEqual(yield* run(echo)("before"), "before")
        yield* Effect.promise(first.stop)
        yield* Effect.repeat(Effect.isFailure(send("PING")), {
          until: (failed) => failed,
          schedule: every50ms,
        })
        const asked = performance.now()
        for (let times = 0; times < 20; times++) assert.isTrue(yield* Effect.isFailure(send("PING")))
        assert.isBelow(performance.now() - asked, 20 * 250)
        const second = yield* Effect.promise(() => startRedis(first.port))
        yield* succeeds(send("PING"))
        assert.strictEqual(yield* run(echo)("after"), "after")
        yield* Effect.promise(second.stop)
      }).pipe(using(first.url))
    }),
  )

  it.live("that hangs is waited for once, then left alone for a moment", () =>
    Effect.gen(function* () {
      const server = yield* Effect.promise(() => startRedis())
      yield* Effect.gen(function* () {
        const { send } = yield* Redis.Redis
        yield* succeeds(send("PING"))
        process.kill(server.pid, "SIGSTOP")
        const first = yield* Effect.flip(send("PING"))
        assert.include(String(first.cause), "no answer in 250 ms")
        assert.include(String((yield* Effect.flip(send("PING"))).cause), "a moment ago")
        process.kill(server.pid, "SIGCONT")
        yield* succeeds(send("PING"))
      }).pipe(using(server.url))
      yield* Effect.promise(server.stop)
    }),
  )

  it.live("that answers while this process is too busy to read is not taken for one that hangs", () =>
    Effect.gen(function* () {
      const server = yield* Effect.promise(() => startRedis())
      yield* Effect.gen(function* () {
        const { send } = yield* Redis.Redis
        yield* succeeds(send("PING"))
        const asked = yield* Effect.forkChild(send("PING"), { startImmediately: true })
        yield* Effect.sync(() => {
          const until = performance.now() + 400
          while (performance.now() < until);
        })
        assert.strictEqual(yield* Fiber.join(asked), "PONG")
      }).pipe(using(server.url))
      yield* Effect.promise(server.stop)
    }),
  )

  it.live("that is away at the start delays nothing, and is used once it is there", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.promise(() => startRedis())
      yield* Effect.promise(gone.stop)
      yield* Effect.gen(function* () {
        const { send } = yield* Redis.Redis
        assert.isTrue(yield* Effect.isFailure(send("PING")))
        const server = yield* Effect.promise(() => startRedis(gone.port))
        yield* succeeds(send("PING"))
        yield* Effect.promise(server.stop)
      }).pipe(using(gone.url))
    }),
  )
})
