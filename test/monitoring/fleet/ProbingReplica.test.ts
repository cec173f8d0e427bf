/** The time after which another replica may probe, when the one that probes has died. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Redis from "effect/persistence/Redis"
import * as Schedule from "effect/Schedule"
import { inject } from "vitest"
import { HealthExchange } from "../../../src/monitoring/fleet/HealthExchange.ts"
import * as HealthExchangeRedis from "../../../src/monitoring/fleet/HealthExchangeRedis.ts"
import * as RedisClient from "../../../src/persistence/RedisClient.ts"
import { Replica } from "../../../src/platform/Replica.ts"
import { startRedis } from "../../support/redis.ts"
import { settings } from "../schedules.ts"

const server = Effect.acquireRelease(
  Effect.promise(() => startRedis()),
  ({ stop }) => Effect.promise(stop),
)

const overRedis = (url: string) =>
  HealthExchangeRedis.layer(settings).pipe(
    Layer.provideMerge(RedisClient.layer(Redacted.make(url))),
    Layer.provide(Replica.layer),
    Layer.provide(NodeCrypto.layerSecureRandom),
  )

const nothing = { batch: undefined, after: "0", states: false }

describe.skipIf(inject("redisUrl") === undefined)("the replica that probes", () => {
  it.live("may probe for three seconds after its last exchange", () =>
    Effect.gen(function* () {
      const { url } = yield* server
      const leased = Effect.gen(function* () {
        const redis = yield* Redis.Redis
        yield* Effect.retry(redis.send("PING"), Schedule.spaced("10 millis"))
        const exchange = yield* HealthExchange
        if (exchange === "alone") return yield* Effect.die("alone")
        const { now, probes } = yield* exchange.exchange(nothing)
        assert.isTrue(probes)
        // Both times are Redis' own, so a slow machine does not matter.
        const until = Number(yield* redis.send("PEXPIRETIME", "crossfade:health:prober"))
        assert.closeTo(until - now, 3000, 500)
      })
      yield* Effect.provide(leased, overRedis(url))
    }),
  )
})
