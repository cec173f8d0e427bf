/** The Redis that replicas share: reachable, writable, and not allowed to evict. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type { Settings } from "../../config/Config.ts"
import { reasonOf } from "../../domain/Reason.ts"
import * as RedisClient from "../../persistence/RedisClient.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"

const check = "redis"

/** The fields of `INFO`. */
const fieldsOf = (info: string): ReadonlyMap<string, string> =>
  new Map(
    info.split("\r\n").flatMap((line) => {
      const colon = line.indexOf(":")
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
    }),
  )

export const infoFindings = (info: string): ReadonlyArray<Finding> => {
  const fields = fieldsOf(info)
  const seen = `Redis ${fields.get("redis_version") ?? "of an unknown version"}`
  const policy = fields.get("maxmemory_policy")
  const evicts = policy !== undefined && policy !== "noeviction" && fields.get("maxmemory") !== "0"
  const isReplica = fields.get("role") === "slave"
  return [
    ...(isReplica
      ? [
          failed(
            check,
            `${seen} is a replica, which takes no writes`,
            "Point REDIS_URL to the primary server.",
          ),
        ]
      : []),
    ...(evicts
      ? [
          warning(
            check,
            `${seen} evicts keys (${policy}), so a reader may get half of a run`,
            "Set maxmemory-policy noeviction.",
          ),
        ]
      : []),
    ...(isReplica || evicts ? [] : [ok(check, `${seen}, ${policy ?? "unknown policy"}`)]),
  ]
}

const adviceOf = (reason: string): string =>
  /NOAUTH|WRONGPASS|NOPERM/.test(reason)
    ? "Correct the user and the password in REDIS_URL."
    : /OOM|MISCONF|LOADING|READONLY/.test(reason)
      ? "Redis accepts no writes. Look at its memory, its disk and its role."
      : "Start the server, or correct the address in REDIS_URL. Without it each replica decides alone."

/** The client connects in the background and refuses commands until then. */
const untilConnected = { schedule: Schedule.spaced("100 millis"), times: 40 }

const ask = Effect.gen(function* () {
  const redis = yield* Redis.Redis
  yield* Effect.retry(redis.send("SET", "crossfade:doctor", "1", "PX", "1"), untilConnected)
  return infoFindings(String(yield* redis.send("INFO")))
})

const findings = (url: Redacted.Redacted<string>) =>
  Effect.scoped(
    Effect.flatMap(Layer.build(RedisClient.layer(url)), (context) => Effect.provide(ask, context)),
  ).pipe(
    Effect.catch(({ cause }) => {
      const reason = reasonOf(cause)
      return Effect.succeed([failed(check, reason, adviceOf(reason))])
    }),
  )

export const checks = ({ REDIS_URL }: Settings): ReadonlyArray<Check> =>
  REDIS_URL === undefined ? [] : [{ name: check, run: findings(REDIS_URL) }]
