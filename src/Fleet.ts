/**
 * What replicas share while they run: over Redis where one is configured, else in this process alone. Every port of it
 * has both; nothing else in the service knows which.
 */
import * as Layer from "effect/Layer"
import type { Settings } from "./Config.ts"
import * as RedisClient from "./persistence/RedisClient.ts"
import { SharedLogs } from "./sharing/SharedLogs.ts"
import { layerRedis as sharedLogsRedis } from "./sharing/SharedLogsRedis.ts"

const alone = SharedLogs.layerAlone

const overRedis = sharedLogsRedis

export const layer = ({ REDIS_URL }: Settings) =>
  REDIS_URL === undefined ? alone : Layer.provide(overRedis, RedisClient.layer(REDIS_URL))
