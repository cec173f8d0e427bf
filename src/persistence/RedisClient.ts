/**
 * The connection to the Redis that replicas share. Its users work without it: a command fails within 250 ms, and at
 * once while Redis is unusable, so no turn waits for a Redis that is gone, slow or read-only.
 *
 * A small write once a second checks it. A Redis that answers but accepts no writes (a replica after a failover, a
 * full or a loading one) counts as away. A new connection may reach another server, so the client reconnects if that
 * can help.
 *
 * The service also starts without Redis. It tries to connect forever, with jitter, so that a fleet does not reconnect
 * all at once.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import { MinimumLogLevel } from "effect/References"
import * as Schedule from "effect/Schedule"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { reasonOf } from "../domain/Reason.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import { codeOf, shouldReconnect } from "./RedisRefusal.ts"
import * as Loop from "../telemetry/Loop.ts"

/** A healthy Redis answers within 1 ms. A longer wait delays a user more than the work without Redis. */
const commandTimeoutMs = 250
/** A timer that fires later than this was delayed by this process, so the answer may have arrived unread. */
const lateMs = 50
const rounds = 4
const probeEvery = "1 second"
/** Expires at once. A full Redis refuses it, while it accepts some other writes. */
const probeCommand = ["SET", "crossfade:look", "1", "PX", "1"] as const

/** Milliseconds before the next connection attempt: 100 to 200 at first, 1000 to 2000 in the end. */
const reconnectAfter = (tries: number, draw: number): number => Math.min(100 * 2 ** tries, 1000) * (1 + draw)

const away = (why: string) => new Redis.RedisError({ cause: new Error(`Redis: ${why}`) })

export const layer = (url: Redacted.Redacted<string>): Layer.Layer<Redis.Redis> =>
  Layer.effect(Redis.Redis, make(url))

/** Loads the 650 modules of the client only if Redis is configured. */
const loaded = Effect.promise(() => import("@effect/platform-node/NodeRedis"))

const make = Effect.fnUntraced(function* (url: Redacted.Redacted<string>) {
  const use = yield* makeUse
  const connection = yield* connect(url)
  yield* keepProbing(connection, use)
  yield* catalogue.redisUp.observe({}, () => (use.isUp() ? 1 : 0))

  const guarded = <A, R>(
    command: (redis: Redis.Redis["Service"]) => Effect.Effect<A, Redis.RedisError, R>,
  ): Effect.Effect<A, Redis.RedisError, R> =>
    Effect.suspend(() => {
      const { redis } = connection
      if (redis === undefined) return Effect.fail(away(connection.missing() ?? "not connected yet"))
      return use.isUp() ? use.answered(command(redis)) : Effect.fail(away("it cannot be used at present"))
    })

  return Redis.Redis.of({
    send: (command, ...args) => guarded((redis) => redis.send(command, ...args)),
    eval:
      (script) =>
      (...params) =>
        guarded((redis) => redis.eval(script)(...params)),
    // A subscription waits for messages, also from a Redis that connects later.
    subscribe: (channel) =>
      Effect.flatMap(connection.first, (redis) => subscribed(redis, connection, channel)),
    reserve: guarded(({ reserve }) => reserve),
  })
})

/** Tracks and logs whether Redis is usable, and limits the wait for a command. */
const makeUse = Effect.gen(function* () {
  const clock = yield* Clock.clockWith(Effect.succeed)
  let down: string | undefined

  /** Logs one line at the start of an outage and one at its end. */
  const report = (found: string | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      const before = down
      down = found
      if ((before === undefined) === (found === undefined)) return Effect.void
      return found === undefined
        ? Effect.logWarning("Redis is available again")
        : Effect.logWarning(`Redis cannot be used, so this replica decides alone: ${found}`)
    })

  const silence = (round: number): Effect.Effect<never, Redis.RedisError> =>
    Effect.suspend(() => {
      const due = monotonicMillis(clock) + commandTimeoutMs
      return Effect.andThen(
        Effect.sleep(commandTimeoutMs),
        Effect.suspend(() => {
          if (monotonicMillis(clock) > due + lateMs && round < rounds) return silence(round + 1)
          const why = `no answer in ${commandTimeoutMs} ms`
          return Effect.andThen(report(why), Effect.fail(away(why)))
        }),
      )
    })

  return {
    isUp: () => down === undefined,
    report,
    answered: <A, R>(command: Effect.Effect<A, Redis.RedisError, R>) => Effect.raceFirst(command, silence(1)),
  }
})

type Use = Effect.Success<typeof makeUse>

interface Connection {
  /** Undefined before the first connection. */
  readonly redis: Redis.Redis["Service"] | undefined
  readonly first: Effect.Effect<Redis.Redis["Service"]>
  /** The reason for a missing connection; undefined while there is one. */
  readonly missing: () => string | undefined
  /** Drops the connection and opens another one. */
  readonly again: Effect.Effect<void>
  /** Completes when the current connection is dropped. */
  readonly dropped: () => Effect.Effect<void>
}

const connect = Effect.fnUntraced(function* (url: Redacted.Redacted<string>) {
  const random = yield* Random.Random
  const { layer: connected, NodeRedis } = yield* loaded
  let failure: unknown
  let client: (typeof NodeRedis)["Service"]["client"] | undefined
  let redis: Redis.Redis["Service"] | undefined
  let drop = yield* Deferred.make<void>()
  const first = yield* Deferred.make<Redis.Redis["Service"]>()
  yield* Layer.build(
    connected({
      url: Redacted.value(url),
      disableOfflineQueue: true,
      socket: {
        connectTimeout: 1000,
        reconnectStrategy: (tries, cause) => {
          failure = cause
          return reconnectAfter(tries, random.nextDoubleUnsafe())
        },
      },
    }),
  ).pipe(
    // The client would log each attempt; `report` logs one line for all of them.
    Effect.provideService(MinimumLogLevel, "None"),
    Effect.tap((built) => {
      client = Context.get(built, NodeRedis).client
      redis = Context.get(built, Redis.Redis)
      return Deferred.succeed(first, redis)
    }),
    Effect.catch((error) => Effect.logError("Redis cannot be used", error)),
    Effect.forkScoped,
  )
  const again = Effect.suspend(() => {
    // Without a connection the client reconnects by itself.
    if (client === undefined || !client.isReady) return Effect.void
    client.destroy()
    client.connect().catch((cause: unknown) => {
      failure = cause
    })
    const dropped = drop
    drop = Deferred.makeUnsafe()
    return Deferred.succeed(dropped, undefined)
  })
  const connection: Connection = {
    get redis() {
      return redis
    },
    first: Deferred.await(first),
    missing: () => (client?.isReady === true ? undefined : reasonOf(failure) || "not connected yet"),
    again: Effect.asVoid(again),
    dropped: () => Deferred.await(drop),
  }
  return connection
})

/** Writes once a second, starting with the first connection, or after a second without one. */
const keepProbing = (connection: Connection, use: Use) => {
  let failures = 0
  const write = Effect.suspend(() => {
    const why = connection.missing()
    if (why !== undefined || connection.redis === undefined)
      return Effect.fail(away(why ?? "not connected yet"))
    return use.answered(connection.redis.send(...probeCommand))
  })
  const once = Effect.matchEffect(write, {
    onSuccess: () => {
      failures = 0
      return use.report(undefined)
    },
    onFailure: ({ cause }) => {
      failures += 1
      const isRefused = codeOf(cause) !== undefined
      const why = isRefused ? `it answers ${reasonOf(cause)}` : reasonOf(cause)
      return Effect.andThen(
        use.report(why),
        shouldReconnect(cause, failures) ? connection.again : Effect.void,
      )
    },
  })
  return Effect.forkScoped(
    Effect.andThen(
      Effect.timeoutOption(connection.first, probeEvery),
      Loop.every("redis_check", Schedule.spaced(probeEvery), once),
    ),
  )
}

/** Subscribes again when the connection is dropped, because the next one may lead to another server. */
const subscribed = Effect.fnUntraced(function* (
  redis: Redis.Redis["Service"],
  connection: Connection,
  channel: string,
) {
  const queue = yield* Queue.unbounded<Redis.RedisMessage, Redis.RedisError>()
  const listening = Effect.scoped(
    Effect.flatMap(redis.subscribe(channel), (messages) =>
      Effect.forever(Effect.flatMap(Queue.take(messages), (message) => Queue.offer(queue, message))),
    ),
  )
  yield* Effect.suspend(() => Effect.raceFirst(listening, connection.dropped())).pipe(
    Effect.forever,
    Effect.catch((error) => Queue.fail(queue, error)),
    Effect.forkScoped,
  )
  return queue
})
