import { assert, describe, it } from "@effect/vitest"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Schedule from "effect/Schedule"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { inject } from "vitest"
import { FleetHealth } from "../../../src/monitoring/fleet/FleetHealth.ts"
import { HealthExchange } from "../../../src/monitoring/fleet/HealthExchange.ts"
import * as HealthExchangeRedis from "../../../src/monitoring/fleet/HealthExchangeRedis.ts"
import { Monitor } from "../../../src/monitoring/Monitor.ts"
import * as RedisClient from "../../../src/persistence/RedisClient.ts"
import { Replica, ReplicaId } from "../../../src/platform/Replica.ts"
import { MemoryExchange } from "../../support/memoryExchange.ts"
import { startRedis } from "../../support/redis.ts"
import { suite } from "./HealthExchangeContract.ts"
import { org, settings, start } from "../schedules.ts"

suite("in memory", (replicas) =>
  Effect.sync(() => {
    const exchange = new MemoryExchange(() => start)
    return Array.from({ length: replicas }, (_, place) => exchange.of(ReplicaId.make(`replica-${place}`)))
  }),
)

const redisServer = Effect.acquireRelease(
  Effect.promise(() => startRedis()),
  (server) => Effect.promise(server.stop),
)

const connected = Effect.flatMap(Redis.Redis, (redis) =>
  Effect.retry(redis.send("PING"), Schedule.spaced("10 millis")),
)

const overRedis = (url: string) =>
  HealthExchangeRedis.layer(settings).pipe(
    Layer.provideMerge(RedisClient.layer(Redacted.make(url))),
    Layer.provide(Layer.fresh(Replica.layer)),
    Layer.provide(NodeCrypto.layerSecureRandom),
  )

describe.skipIf(inject("redisUrl") === undefined)("over Redis", () => {
  suite("over Redis", (replicas) =>
    Effect.gen(function* () {
      const { url } = yield* redisServer
      return yield* Effect.forEach(Array.from({ length: replicas }), () =>
        Effect.gen(function* () {
          const built = yield* Layer.build(Layer.fresh(overRedis(url)))
          // The connection takes real time, whatever the test's clock says.
          yield* TestClock.withLive(Effect.provide(connected, built))
          return Context.get(built, HealthExchange)
        }),
      )
    }),
  )

  const replica = (url: string) =>
    FleetHealth.layer.pipe(
      Layer.provideMerge(Monitor.layer({ ...settings, minSamples: 4 })),
      Layer.provideMerge(overRedis(url)),
    )

  const attempts = (fails: boolean) =>
    Effect.gen(function* () {
      const monitor = yield* Monitor
      for (let turn = 0; turn < 10; turn++) {
        const { ticket } = yield* monitor.admit(org(turn % 5), `session ${turn}`)
        yield* monitor.watch(org(turn % 5), ticket)
        const outcome = fails ? "error" : "success"
        yield* monitor.record({
          orgId: org(turn % 5),
          mode: "runtime_orchestrator",
          outcome,
          latencyMs: 5,
          ticket,
        })
      }
      yield* (yield* FleetHealth).catchUp
    })

  it.live("three Monitors count what each of them saw, and open as one", () =>
    Effect.gen(function* () {
      const { url } = yield* redisServer
      const three = yield* Effect.forEach([0, 1, 2], () => Layer.build(Layer.fresh(replica(url))))
      const [one] = three
      for (const each of three) yield* Effect.provide(connected, each)
      for (const each of three)
        yield* Effect.provide(
          Effect.flatMap(FleetHealth, ({ catchUp }) => catchUp),
          each,
        )
      for (const each of three) yield* Effect.provide(attempts(false), each)
      yield* Effect.repeat(Effect.provide(attempts(true), one!), { times: 3 })
      const seen = Effect.gen(function* () {
        yield* (yield* FleetHealth).catchUp
        const monitor = yield* Monitor
        const { state } = yield* monitor.status
        const { runtime } = yield* monitor.metrics
        return { state, total: runtime.total, error: runtime.error }
      })
      const all = yield* Effect.forEach(three, (each) => Effect.provide(seen, each))
      assert.strictEqual(all[0]!.state, "open")
      for (const each of all) assert.deepStrictEqual(each, { state: "open", total: 70, error: 40 })
    }),
  )
})
