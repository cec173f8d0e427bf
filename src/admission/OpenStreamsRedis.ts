/**
 * `OpenStreams` of the whole fleet: in Redis one sorted set for each user and each organisation, a member a stream, its
 * score the moment at which it lapses. Open streams are renewed in bulk, so those of a replica that died are gone in 30 s.
 *
 * The process also counts its own. While Redis is away these alone decide, and the next renewal makes up for it.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Schedule from "effect/Schedule"
import { Replica } from "../persistence/Replica.ts"
import { type Caps, keysOf, OpenStreams, type Owner, TooManyStreams } from "./OpenStreams.ts"
import { StreamCounts } from "./OpenStreamsMemory.ts"

const lapseMs = 30_000
/** Two renewals may be lost. */
const renewal = "10 seconds"
/** Redis answers nobody else meanwhile: well under a millisecond. */
const renewedAtOnce = 200

interface Stream {
  readonly id: string
  readonly keys: ReadonlyArray<string>
}

const redisKeys = (owner: Owner): ReadonlyArray<string> => {
  const { org, user } = keysOf(owner)
  return [`crossfade:streams:${user}`, `crossfade:streams:${org}`]
}

// By the clock of Redis, which all replicas share.
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/** 0: counted; 1: the user has too many; 2: the organisation has. */
const openScript = Redis.script(
  ({ id, keys }: Stream, caps: Caps) => [...keys, id, lapseMs, caps.user, caps.org],
  {
    lua: `${now}
for i = 1, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  if redis.call('ZCARD', KEYS[i]) >= tonumber(ARGV[2 + i]) then return i end
end
for i = 1, 2 do
  redis.call('ZADD', KEYS[i], now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[i], ARGV[2])
end
return 0`,
    numberOfKeys: 2,
  },
).withReturnType<number>()

const renewScript = Redis.script(
  (streams: ReadonlyArray<Stream>) => [
    ...streams.flatMap(({ keys }) => keys),
    lapseMs,
    ...streams.map(({ id }) => id),
  ],
  {
    lua: `${now}
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[1], ARGV[1 + math.ceil(i / 2)])
  redis.call('PEXPIRE', key, ARGV[1])
end
return 0`,
    numberOfKeys: (streams) => 2 * streams.length,
  },
).withReturnType<number>()

const closeScript = Redis.script(({ id, keys }: Stream) => [...keys, id], {
  lua: `
for _, key in ipairs(KEYS) do redis.call('ZREM', key, ARGV[1]) end
return 0`,
  numberOfKeys: 2,
}).withReturnType<number>()

export const layerRedis: Layer.Layer<OpenStreams, never, Redis.Redis | Replica> = Layer.effect(
  OpenStreams,
  Effect.gen(function* () {
    const redis = yield* Redis.Redis
    const replica = yield* Replica
    const counts = new StreamCounts()
    const opened = new Map<string, Stream>()
    let number = 0

    const enter = Effect.fnUntraced(function* (owner: Owner, caps: Caps) {
      const refused = counts.enter(owner, caps)
      if (refused !== undefined) return yield* refused
      const stream = { id: `${replica.id}:${++number}`, keys: redisKeys(owner) }
      const answer = yield* Effect.orElseSucceed(redis.eval(openScript)(stream, caps), () => 0)
      if (answer !== 0) {
        counts.leave(owner)
        return yield* new TooManyStreams({ of: answer === 1 ? "user" : "org" })
      }
      opened.set(stream.id, stream)
      return stream
    })

    const leave = (owner: Owner, stream: Stream) =>
      Effect.suspend(() => {
        counts.leave(owner)
        opened.delete(stream.id)
        // Without Redis it lapses there by itself.
        return Effect.ignore(redis.eval(closeScript)(stream))
      })

    const renew = Effect.suspend(() =>
      Effect.forEach(Arr.chunksOf([...opened.values()], renewedAtOnce), redis.eval(renewScript), {
        discard: true,
      }),
    )
    yield* Effect.forkScoped(Effect.repeat(Effect.ignore(renew), Schedule.spaced(renewal)))

    return OpenStreams.of({
      open: (owner, caps) =>
        Effect.asVoid(Effect.acquireRelease(enter(owner, caps), (stream) => leave(owner, stream))),
    })
  }),
)
