/**
 * The state that running replicas share: over Redis if it is configured, else in this process only. Every part has both
 * forms; the rest of the service does not know which one is used.
 */
import * as Layer from "effect/Layer"
import { layerMemory as openStreamsMemory } from "../admission/OpenStreamsMemory.ts"
import { layerRedis as openStreamsRedis } from "../admission/OpenStreamsRedis.ts"
import { layerMemory as ratesMemory } from "../admission/RatesMemory.ts"
import { layerRedis as ratesRedis } from "../admission/RatesRedis.ts"
import { layerMemory as tokenBudgetsMemory } from "../admission/TokenBudgetsMemory.ts"
import { layerRedis as tokenBudgetsRedis } from "../admission/TokenBudgetsRedis.ts"
import type { Settings } from "../config/Config.ts"
import * as AnswerCacheMemory from "../execution/direct/AnswerCacheMemory.ts"
import * as AnswerCacheRedis from "../execution/direct/AnswerCacheRedis.ts"
import { FleetHealth } from "../monitoring/fleet/FleetHealth.ts"
import { HealthExchange } from "../monitoring/fleet/HealthExchange.ts"
import * as HealthExchangeRedis from "../monitoring/fleet/HealthExchangeRedis.ts"
import * as RedisClient from "../persistence/RedisClient.ts"
import { SharedLogs } from "../sharing/SharedLogs.ts"
import { layerRedis as sharedLogsRedis } from "../sharing/SharedLogsRedis.ts"
import * as StageSettings from "./StageSettings.ts"

const alone = (settings: Settings) =>
  Layer.mergeAll(
    SharedLogs.layerAlone,
    HealthExchange.layerAlone,
    openStreamsMemory,
    ratesMemory,
    tokenBudgetsMemory(StageSettings.tokenBudgets(settings)),
  )

const overRedis = (settings: Settings) =>
  Layer.mergeAll(
    sharedLogsRedis,
    HealthExchangeRedis.layer(StageSettings.monitor(settings)),
    openStreamsRedis,
    ratesRedis,
    tokenBudgetsRedis(StageSettings.tokenBudgets(settings)),
  )

export const layer = (settings: Settings) =>
  settings.REDIS_URL === undefined
    ? alone(settings)
    : Layer.provide(overRedis(settings), RedisClient.layer(settings.REDIS_URL))

/** Without a fleet the Monitor settles its own transitions at once, so no loop runs. */
export const health = ({ REDIS_URL }: Settings) =>
  REDIS_URL === undefined ? FleetHealth.layerAlone : FleetHealth.layer

/** Cached answers are much larger than other shared state, so they use their own connection, if any organisation has a cache. */
export const answers = ({ DIRECT_CACHE_ORGS, DIRECT_CACHE_TTL_MS, REDIS_URL }: Settings) =>
  REDIS_URL === undefined || DIRECT_CACHE_ORGS.length === 0
    ? AnswerCacheMemory.layerMemory(DIRECT_CACHE_TTL_MS)
    : Layer.provide(AnswerCacheRedis.layerRedis(DIRECT_CACHE_TTL_MS), RedisClient.layer(REDIS_URL))
