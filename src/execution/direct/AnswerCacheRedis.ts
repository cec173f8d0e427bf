/** `AnswerCache` in the Redis of all replicas, which expires the answers. An unavailable Redis is a miss. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"
import { AnswerCache } from "./AnswerCache.ts"

/** JSON, because a model's text may contain half a surrogate pair, which UTF-8 cannot encode. */
const Answer = Schema.fromJsonString(Schema.String)
const decode = Schema.decodeUnknownEffect(Schema.NullOr(Answer))
const encode = Schema.encodeEffect(Answer)

const nameOf = (key: string): string => `crossfade:answer:${key}`

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
      })
    }),
  )
