/**
 * The connection to the Redis that replicas share, for parts that go on without it: a command fails within a quarter of a
 * second, at once while there is no connection and for a second after one that was not answered. Nobody's turn waits for
 * a Redis that is gone or slow.
 *
 * The service also starts where Redis is away; the connection is tried again for ever, with jitter, so that a fleet does
 * not come back all at once.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import { monotonicMillis } from "../domain/Monotonic.ts"
import { catalogue } from "../telemetry/Metrics.ts"

/** A healthy Redis answers in one; what takes longer than this delays a user more than doing without. */
const patienceMs = 250
const restMs = 1000
/** A timer that is later than this was kept waiting by this process: the answer may be there, and not read yet. */
const lateMs = 50
const rounds = 4

/** Milliseconds before the next try to connect: 100 to 200 at first, 1000 to 2000 in the end. */
const reconnectAfter = (tries: number, draw: number): number => Math.min(100 * 2 ** tries, 1000) * (1 + draw)

const away = (why: string) => new Redis.RedisError({ cause: new Error(`Redis: ${why}`) })

export const layer = (url: Redacted.Redacted<string>): Layer.Layer<Redis.Redis> =>
  Layer.effect(Redis.Redis, make(url))

/** Its 650 modules are for those who have a Redis. */
const loaded = Effect.promise(() => import("@effect/platform-node/NodeRedis"))

const make = Effect.fnUntraced(function* (url: Redacted.Redacted<string>) {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const random = yield* Random.Random
  const NodeRedis = yield* loaded
  const connection = NodeRedis.layer({
    url: Redacted.value(url),
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 1000,
      reconnectStrategy: (tries) => reconnectAfter(tries, random.nextDoubleUnsafe()),
    },
  })
  let connected: Redis.Redis["Service"] | undefined
  const first = yield* Deferred.make<Redis.Redis["Service"]>()
  yield* Layer.build(connection).pipe(
    Effect.tap((built) => {
      connected = Context.get(built, Redis.Redis)
      return Deferred.succeed(first, connected)
    }),
    Effect.catch((error) => Effect.logError("Redis cannot be used", error)),
    Effect.forkScoped,
  )

  let restUntil = Number.NEGATIVE_INFINITY
  yield* catalogue.redisUp.observe({}, () =>
    connected !== undefined && monotonicMillis(clock) >= restUntil ? 1 : 0,
  )
  const silence = (round: number): Effect.Effect<never, Redis.RedisError> =>
    Effect.suspend(() => {
      const due = monotonicMillis(clock) + patienceMs
      return Effect.andThen(
        Effect.sleep(patienceMs),
        Effect.suspend(() => {
          const now = monotonicMillis(clock)
          if (now > due + lateMs && round < rounds) return silence(round + 1)
          restUntil = now + restMs
          return Effect.fail(away(`no answer in ${patienceMs} ms`))
        }),
      )
    })
  const guarded = <A, R>(
    use: (redis: Redis.Redis["Service"]) => Effect.Effect<A, Redis.RedisError, R>,
  ): Effect.Effect<A, Redis.RedisError, R> =>
    Effect.suspend(() => {
      if (connected === undefined) return Effect.fail(away("not connected yet"))
      if (monotonicMillis(clock) < restUntil) return Effect.fail(away("it did not answer a moment ago"))
      return Effect.raceFirst(use(connected), silence(1))
    })

  return Redis.Redis.of({
    send: (command, ...args) => guarded((redis) => redis.send(command, ...args)),
    eval:
      (script) =>
      (...params) =>
        guarded((redis) => redis.eval(script)(...params)),
    // These wait by their nature: for messages, also from a Redis that comes later, and for a command that blocks.
    subscribe: (channel) => Effect.flatMap(Deferred.await(first), (redis) => redis.subscribe(channel)),
    reserve: Effect.suspend(() => connected?.reserve ?? Effect.fail(away("not connected yet"))),
  })
})
