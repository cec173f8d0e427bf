/**
 * `HealthExchange` over Redis: one stream that holds the window (batches and states, in one order for all replicas), one hash
 * with the present state of each scope, one key with the replica that probes. Two scripts, each atomic; four round trips a
 * second and replica.
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"
import { Replica, ReplicaId } from "../../platform/Replica.ts"
import { ExchangeAway, HealthExchange, type Received, type Revised, SharedState } from "./HealthExchange.ts"
import { Events } from "./HealthWire.ts"

const keys = ["crossfade:health", "crossfade:health:states", "crossfade:health:prober"] as const
/** Twelve exchanges: another replica probes soon after the death of the one that did. */
const probingMs = 3000
/** About 200 KB, which takes Redis a few milliseconds. */
const mostReceived = 200

const exchange = Redis.script(
  (
    me: string,
    windowMs: number,
    after: string,
    states: 0 | 1,
    born: string,
    number: number,
    text: string,
  ) => [...keys, me, windowMs, after, states, born, number, text],
  {
    numberOfKeys: keys.length,
    lua: `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, windowMs, text = ARGV[1], tonumber(ARGV[2]), ARGV[7]
redis.call("HSETNX", KEYS[2], "born", ARGV[5])
if text ~= "" then
  local oldest = string.format("%.0f", now - windowMs)
  redis.call("XADD", KEYS[1], "MINID", "~", oldest, "*", "from", me, "number", ARGV[6], "events", text)
end
local prober = redis.call("GET", KEYS[3])
if not prober or prober == me then
  redis.call("SET", KEYS[3], me, "PX", ${probingMs})
  prober = me
end
local states = {}
if ARGV[4] == "1" then states = redis.call("HGETALL", KEYS[2]) end
local received = redis.call("XRANGE", KEYS[1], "(" .. ARGV[3], "+", "COUNT", ${mostReceived})
return { now, redis.call("HGET", KEYS[2], "born"), prober == me and 1 or 0, received, states }
`,
  },
).withReturnType<readonly [number, string, number, ReadonlyArray<Entry>, ReadonlyArray<string>]>()

type Entry = readonly [id: string, fields: ReadonlyArray<string>]

const propose = Redis.script(
  (scope: string, base: number, state: string) => [keys[0], keys[1], scope, base, state],
  {
    numberOfKeys: 2,
    lua: `
local field, base = "of " .. ARGV[1], tonumber(ARGV[2])
local present = redis.call("HGET", KEYS[2], field)
if present and tonumber(string.match(present, "^%d+")) > base then return present end
local revised = string.format("%.0f", base + 1) .. " " .. ARGV[3]
redis.call("HSET", KEYS[2], field, revised)
redis.call("XADD", KEYS[1], "*", "state", revised)
return revised
`,
  },
).withReturnType<string>()

const State = Schema.fromJsonString(SharedState)
const toText = Schema.encodeSync(State)
const fromText = Schema.decodeUnknownOption(State)
const toEventsText = Schema.encodeSync(Events)
const fromEventsText = Schema.decodeUnknownOption(Events)

const revisedOf = (text: string): Revised | undefined => {
  const space = text.indexOf(" ")
  const state = Option.getOrUndefined(fromText(text.slice(space + 1)))
  return state && { revision: Number(text.slice(0, space)), state }
}

const receivedOf = ([id, fields]: Entry): Received => {
  const of = (name: string) => fields[fields.indexOf(name) + 1] ?? ""
  if (fields[0] === "state") {
    const revised = revisedOf(of("state"))
    return revised ? { _tag: "state", id, revised } : { _tag: "unreadable", id }
  }
  const events = Option.getOrUndefined(fromEventsText(of("events")))
  if (events === undefined) return { _tag: "unreadable", id }
  return {
    _tag: "batch",
    id,
    batch: { from: ReplicaId.make(of("from")), number: Number(of("number")), events },
  }
}

const away = Effect.mapError((cause: Redis.RedisError) => new ExchangeAway({ cause }))

const make = Effect.fnUntraced(function* ({ windowMs }: { readonly windowMs: number }) {
  const redis = yield* Redis.Redis
  const me = (yield* Replica).id
  const born = yield* (yield* SecureRandom.SecureRandom).uuidV7()
  const exchanged = redis.eval(exchange)
  const proposed = redis.eval(propose)
  return HealthExchange.of({
    me,
    exchange: ({ after, batch, states }) => {
      const text = batch === undefined ? "" : toEventsText(batch.events)
      return exchanged(me, windowMs, after, states ? 1 : 0, born, batch?.number ?? 0, text).pipe(
        away,
        Effect.map(([now, born, probes, entries, fields]) => ({
          now,
          born,
          probes: probes === 1,
          received: entries.map(receivedOf),
          more: entries.length === mostReceived,
          states: fields.flatMap((field, place) =>
            fields[place - 1]?.startsWith("of ") ? (revisedOf(field) ?? []) : [],
          ),
        })),
      )
    },
    propose: (state, base) =>
      proposed(state.orgId ?? "", base, toText(state)).pipe(
        away,
        Effect.map(revisedOf),
        Effect.filterOrFail(
          (revised) => revised !== undefined,
          () => new ExchangeAway({ cause: "a state of another version" }),
        ),
      ),
  })
})

export const layer = (settings: {
  readonly windowMs: number
}): Layer.Layer<HealthExchange, never, Redis.Redis | Replica | SecureRandom.SecureRandom> =>
  Layer.effect(HealthExchange, make(settings))
