/**
 * `Rates` of the whole fleet, in Redis. While Redis is away each replica counts alone: turns continue, and a caller that uses
 * all N replicas can start at most N times the limit.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import type * as Redis from "effect/persistence/Redis"
import { Rates } from "./Rates.ts"
import * as RatesMemory from "./RatesMemory.ts"
import { minuteMs, type Taken } from "./TokenBucket.ts"

const ofResult = ({ limit, remaining, resetAfter }: RateLimiter.ConsumeResult): Taken => ({
  allowed: true,
  limit,
  remaining: Math.floor(remaining),
  resetMs: Duration.toMillis(resetAfter),
  retryMs: 0,
})

const ofRefusal = ({ limit, retryAfter }: RateLimiter.RateLimitExceeded): Taken => ({
  allowed: false,
  limit,
  remaining: 0,
  resetMs: minuteMs,
  retryMs: Duration.toMillis(retryAfter),
})

export const layerRedis: Layer.Layer<Rates, never, Redis.Redis> = Layer.effect(
  Rates,
  Effect.gen(function* () {
    const limiter = yield* RateLimiter.make
    const local = yield* RatesMemory.make
    return Rates.of({
      // Counted here as well, so that an outage of Redis does not reset the minute.
      take: (key, perMinute) =>
        Effect.flatMap(local.take(key, perMinute), (here) =>
          limiter.consume({ algorithm: "token-bucket", window: minuteMs, limit: perMinute, key }).pipe(
            Effect.map(ofResult),
            Effect.catch(({ reason }) =>
              Effect.succeed(reason._tag === "RateLimitExceeded" ? ofRefusal(reason) : here),
            ),
          ),
        ),
    })
  }),
).pipe(Layer.provide(RateLimiter.layerStoreRedis({ prefix: "crossfade:rate:" })))
