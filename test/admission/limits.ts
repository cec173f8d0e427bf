/** The adapters of the limits for the contract suites: in memory, and two replicas on one Redis. */
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type { OpenStreams } from "../../src/admission/OpenStreams.ts"
import * as OpenStreamsMemory from "../../src/admission/OpenStreamsMemory.ts"
import * as OpenStreamsRedis from "../../src/admission/OpenStreamsRedis.ts"
import type { Rates } from "../../src/admission/Rates.ts"
import * as RatesMemory from "../../src/admission/RatesMemory.ts"
import * as RatesRedis from "../../src/admission/RatesRedis.ts"
import type { DailyLimits } from "../../src/admission/TokenBudgets.ts"
import * as TokenBudgetsMemory from "../../src/admission/TokenBudgetsMemory.ts"
import * as TokenBudgetsRedis from "../../src/admission/TokenBudgetsRedis.ts"
import { OrgId, UserId } from "../../src/domain/Ids.ts"
import { Replica } from "../../src/platform/Replica.ts"
import * as RedisClient from "../../src/persistence/RedisClient.ts"
import type { TokenSpend } from "../../src/store/TokenSpend.ts"

export const inMemory: Layer.Layer<OpenStreams | Rates> = Layer.mergeAll(
  OpenStreamsMemory.layerMemory,
  RatesMemory.layerMemory,
)

/** Waits until Redis answers; the layer is ready earlier. */
const answering = Layer.effectDiscard(
  Effect.flatMap(Redis.Redis, (redis) => Effect.retry(redis.send("PING"), Schedule.spaced("20 millis"))),
).pipe(Layer.orDie)

export const overRedis = (url: string): Layer.Layer<OpenStreams | Rates | Redis.Redis> =>
  Layer.fresh(
    Layer.mergeAll(OpenStreamsRedis.layerRedis, RatesRedis.layerRedis, answering).pipe(
      Layer.provideMerge(RedisClient.layer(Redacted.make(url))),
      Layer.provide(Replica.layer),
      Layer.provide(layerWebCrypto),
    ),
  )

export const budgetsInMemory = (limits: DailyLimits, spend: Layer.Layer<TokenSpend>) =>
  Layer.provide(TokenBudgetsMemory.layerMemory(limits), spend)

export const budgetsOverRedis = (url: string, limits: DailyLimits, spend: Layer.Layer<TokenSpend>) =>
  Layer.fresh(
    Layer.merge(TokenBudgetsRedis.layerRedis(limits), answering).pipe(
      Layer.provideMerge(RedisClient.layer(Redacted.make(url))),
      Layer.provide([spend, Replica.layer]),
      Layer.provide(layerWebCrypto),
    ),
  )

/** A user that no other test uses. */
export const someone = (orgId = OrgId.make(crypto.randomUUID())) => ({
  orgId,
  userId: UserId.make(crypto.randomUUID()),
})
