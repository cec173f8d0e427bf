/**
 * `OpenStreams` of the whole fleet. Redis holds two sorted sets for each user and each organisation, one of streams and one of
 * runs. A member is a place; its score is the time at which it expires. Each replica renews its places in bulk, so the
 * places of a dead replica are free within 30 s.
 *
 * The process also counts its own places. While Redis is away only these count, and the next renewal restores the others.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Schedule from "effect/Schedule"
import { Replica } from "../platform/Replica.ts"
import { type Caps, keysOf, NoPlace, OpenStreams, type Place } from "./OpenStreams.ts"
import { orFail, Places, runOf } from "./OpenStreamsMemory.ts"
import * as Loop from "../telemetry/Loop.ts"

const expiryMs = 30_000
/** Two renewals may be lost. */
const renewal = "10 seconds"
/** Redis serves no other command during a script; one of this size takes well under a millisecond. */
const renewalBatch = 200

/** A place in Redis. */
interface Member {
  readonly id: string
  readonly keys: ReadonlyArray<string>
}

const memberOf = (replica: string, { kind, number, owner }: Place): Member => {
  const { org, user } = keysOf(owner)
  return { id: `${replica}:${number}`, keys: [`crossfade:${kind}:${user}`, `crossfade:${kind}:${org}`] }
}

// Redis has the one clock that all replicas share.
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * Takes places in order and stops at the first that does not fit. Returns 0 if all are taken; else, for place n (from 0),
 * 2n + 1 if the user has no free place and 2n + 2 if the organisation has none.
 */
const takeScript = Redis.script(
  (members: ReadonlyArray<Member>, caps: Caps) => [
    ...members.flatMap(({ keys }) => keys),
    expiryMs,
    caps.user,
    caps.org,
    ...members.map(({ id }) => id),
  ],
  {
    lua: `${now}
for n = 0, #KEYS / 2 - 1 do
  for i = 1, 2 do
    local key = KEYS[2 * n + i]
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    if redis.call('ZCARD', key) >= tonumber(ARGV[1 + i]) then return 2 * n + i end
  end
  for i = 1, 2 do
    redis.call('ZADD', KEYS[2 * n + i], now + ARGV[1], ARGV[4 + n])
    redis.call('PEXPIRE', KEYS[2 * n + i], ARGV[1])
  end
end
return 0`,
    numberOfKeys: (members) => 2 * members.length,
  },
).withReturnType<number>()

const renewScript = Redis.script(
  (members: ReadonlyArray<Member>) => [
    ...members.flatMap(({ keys }) => keys),
    expiryMs,
    ...members.map(({ id }) => id),
  ],
  {
    lua: `${now}
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[1], ARGV[1 + math.ceil(i / 2)])
  redis.call('PEXPIRE', key, ARGV[1])
end
return 0`,
    numberOfKeys: (members) => 2 * members.length,
  },
).withReturnType<number>()

const freeScript = Redis.script(({ id, keys }: Member) => [...keys, id], {
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
    const places = new Places()
    /** Places that Redis did not reject. */
    const renewed = new Set<Place>()
    const member = (place: Place) => memberOf(replica.id, place)

    /** Takes the places in the fleet as well, and frees those that do not fit. */
    const takeInFleet = (taken: ReadonlyArray<Place>, caps: Caps) =>
      Effect.map(
        Effect.orElseSucceed(redis.eval(takeScript)(taken.map(member), caps), () => 0),
        (answer) => {
          const room = answer === 0 ? taken.length : Math.ceil(answer / 2) - 1
          for (const place of taken.slice(0, room)) renewed.add(place)
          for (const place of taken.slice(room)) places.free(place)
          const full = taken[room]
          return full && new NoPlace({ kind: full.kind, of: answer % 2 === 1 ? "user" : "org" })
        },
      )

    const take: OpenStreams["Service"]["take"] = Effect.fnUntraced(function* (kind, owner, caps) {
      const place = yield* orFail(places.take(kind, owner, caps))
      const refused = yield* takeInFleet([place], caps)
      return refused === undefined ? place : yield* refused
    })

    const takeBoth: OpenStreams["Service"]["takeBoth"] = Effect.fnUntraced(function* (owner, caps) {
      const stream = yield* orFail(places.take("streams", owner, caps))
      const run = runOf(places.take("runs", owner, caps))
      const refused = yield* takeInFleet(run === undefined ? [stream] : [stream, run], caps)
      if (refused === undefined) return { stream, run }
      return refused.kind === "streams" ? yield* refused : { stream, run: undefined }
    })

    const free = (place: Place) =>
      Effect.suspend(() => {
        if (!places.free(place)) return Effect.void
        renewed.delete(place)
        // If Redis is away, the place expires there.
        return Effect.ignore(redis.eval(freeScript)(member(place)))
      })

    // The filter keeps a place that was freed between two batches from being taken again.
    const renew = Effect.suspend(() =>
      Effect.forEach(
        Arr.chunksOf([...renewed], renewalBatch),
        (chunk) => redis.eval(renewScript)(chunk.filter((place) => renewed.has(place)).map(member)),
        { discard: true },
      ),
    )
    yield* Loop.every("open_streams", Schedule.spaced(renewal), Effect.ignore(renew))

    return OpenStreams.of({ take, takeBoth, free })
  }),
)
