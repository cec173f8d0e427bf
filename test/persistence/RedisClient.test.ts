import { assert, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Redis from "effect/persistence/Redis"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
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
  it.live(
    "fails every command at once while it is away, and is used again after its return, with scripts",
    () =>
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

  it.live("is waited for once when it hangs, then skipped for a moment", () =>
    Effect.gen(function* () {
      const server = yield* Effect.promise(() => startRedis())
      yield* Effect.gen(function* () {
        const { send } = yield* Redis.Redis
        yield* succeeds(send("PING"))
        process.kill(server.pid, "SIGSTOP")
        const first = yield* Effect.flip(send("PING"))
        assert.include(String(first.cause), "no answer in 250 ms")
        assert.include(String((yield* Effect.flip(send("PING"))).cause), "cannot be used at present")
        process.kill(server.pid, "SIGCONT")
        yield* succeeds(send("PING"))
      }).pipe(using(server.url))
      yield* Effect.promise(server.stop)
    }),
  )

  it.live("does not count as hung if it answers while this process is too busy to read", () =>
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

  it.live("delays nothing if it is away at the start, and is used once it is there", () =>
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

  /** Passes an operator's connection to the server, the client under test, and its log lines about Redis. */
  const withOperator = (
    test: (given: {
      readonly operator: (...command: ReadonlyArray<string>) => Promise<string>
      readonly redis: Redis.Redis["Service"]
      readonly lines: ReadonlyArray<string>
      readonly isUp: Effect.Effect<boolean>
    }) => Effect.Effect<void, Redis.RedisError, Scope.Scope>,
  ) =>
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(
        Effect.promise(() => startRedis()),
        (one) => Effect.promise(one.stop),
      )
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      const operator = async (...command: ReadonlyArray<string>) =>
        (await promisify(execFile)("redis-cli", ["-p", String(server.port), ...command])).stdout.trim()
      yield* Effect.gen(function* () {
        const redis = yield* Redis.Redis
        yield* succeeds(redis.send("PING"))
        const isUp = Effect.map(PrometheusMetrics.format(), (text) => /^crossfade_redis_up\S* 1$/m.test(text))
        yield* test({ operator, redis, lines, isUp })
      }).pipe(
        using(server.url),
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(Metric.MetricRegistry, new Map()),
      )
    }).pipe(Effect.scoped)

  const until = (condition: Effect.Effect<boolean, Redis.RedisError>) =>
    Effect.repeat(condition, { until: (held) => held, schedule: every50ms })

  it.live.each([
    ["a replica of another server", "READONLY", ["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]],
    ["full", "OOM", ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]],
    [
      "without the replicas that it must have",
      "NOREPLICAS",
      ["CONFIG", "SET", "min-replicas-to-write", "1"],
      ["CONFIG", "SET", "min-replicas-to-write", "0"],
    ],
  ] as const)(
    "is not used as $0, with one log line, until it accepts writes again",
    ([, code, refuse, accept]) =>
      withOperator(({ isUp, lines, operator, redis }) =>
        Effect.gen(function* () {
          yield* until(isUp)
          yield* Effect.promise(() => operator(...refuse))
          yield* until(Effect.map(isUp, (up) => !up))
          // Reads too: a replica's data is outdated.
          assert.isTrue(yield* Effect.isFailure(redis.send("GET", "any")))
          yield* Effect.sleep("2500 millis")
          assert.lengthOf(lines, 1, lines.join("\n"))
          assert.include(lines[0], `Redis cannot be used, so this replica decides alone: it answers ${code} `)
          yield* Effect.promise(() => operator(...accept))
          yield* succeeds(redis.send("SET", "any", "1"))
          assert.isTrue(yield* isUp)
          assert.deepStrictEqual(lines.slice(1), ["Redis is available again"])
        }),
      ),
  )

  it.live("gets a new connection when it refuses writes, for subscriptions as well", () =>
    withOperator(({ operator, redis }) =>
      Effect.gen(function* () {
        const messages = yield* redis.subscribe("news")
        const heard = () => operator("PUBLISH", "news", "hello")
        yield* until(Effect.map(Effect.promise(heard), (listeners) => listeners === "1"))
        const normal = yield* Effect.promise(() => operator("CLIENT", "LIST", "TYPE", "normal"))
        const listeners = yield* Effect.promise(() => operator("CLIENT", "LIST", "TYPE", "pubsub"))
        yield* Effect.promise(() => operator("REPLICAOF", "127.0.0.1", "1"))
        const idsOf = (list: string) =>
          [...list.matchAll(/^id=(\d+) .*name= .*cmd=(?!client)/gm)].map(([, id]) => id)
        const isNew = (type: string, before: string) =>
          Effect.map(
            Effect.promise(() => operator("CLIENT", "LIST", "TYPE", type)),
            (after) => idsOf(after).length > 0 && idsOf(after).every((id) => !idsOf(before).includes(id)),
          )
        yield* until(isNew("normal", normal))
        yield* until(isNew("pubsub", listeners))
        yield* Effect.promise(() => operator("REPLICAOF", "NO", "ONE"))
        yield* Queue.clear(messages)
        yield* until(Effect.map(Effect.promise(heard), (count) => count === "1"))
        assert.strictEqual((yield* Queue.take(messages)).message, "hello")
      }),
    ),
  )
})
