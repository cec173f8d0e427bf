/** `AnswerCache` in the Redis of all replicas, which expires the answers. An unavailable Redis is a miss. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"
import { AnswerCache, partOf } from "./AnswerCache.ts"

/** JSON, because a model's text may contain half a surrogate pair, which UTF-8 cannot encode. */
const Answer = Schema.fromJsonString(Schema.String)
const decode = Schema.decodeUnknownEffect(Schema.NullOr(Answer))
const encode = Schema.encodeEffect(Answer)

const nameOf = (key: string): string => `crossfade:answer:${key}`

const keysAScan = "1000"

/** Redis serves other commands between two scans. */
const clearFrom = (
  redis: Redis.Redis["Service"],
  pattern: string,
  cursor: string,
): Effect.Effect<void, Redis.RedisError> =>
  Effect.gen(function* () {
    const [next, keys] = yield* redis.send<readonly [string, ReadonlyArray<string>]>(
      "SCAN",
      cursor,
      "MATCH",
      pattern,
      "COUNT",
      keysAScan,
    )
    if (keys.length > 0) yield* redis.send("UNLINK", ...keys)
    if (next !== "0") yield* clearFrom(redis, pattern, next)
  })

export const layerRedis = (timeToLive: Duration.Input): Layer.Layer<AnswerCache, never, Redis.Redis> =>
  Layer.effect(
    AnswerCache,
    Effect.map(Redis.Redis, (redis) => {
      const lifeMs = String(Duration.toMillis(Duration.fromInputUnsafe(timeToLive)))
      return AnswerCache.of({
        get: (key) =>
          redis.send("GET", nameOf(key)).pipe(
            Effect.flatMap(decode),
            Effect.map((answer) => answer ?? undefined),
            Effect.catch(() => Effect.undefined),
          ),
        put: (key, answer) =>
          encode(answer).pipe(
            Effect.flatMap((json) => redis.send("SET", nameOf(key), json, "PX", lifeMs)),
            Effect.ignore,
          ),
        clear: (orgId) =>
          clearFrom(redis, nameOf(`${partOf(orgId)}*`), "0").pipe(
            Effect.as(true),
            Effect.orElseSucceed(() => false),
          ),
      })
    }),
  )
