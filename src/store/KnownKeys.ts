/**
 * A cache of the API keys in use, so that a request does not query the database for its key. Replicas poll the
 * numbered revocations in one statement for all keys.
 *
 * An open stream asks for the end of its key repeatedly, which keeps the key cached.
 *
 * Invariant: a key returned as valid was valid at most a second ago, with or without Redis. If the store does not
 * answer, the caller fails instead of getting an older answer. This replica's own revocations apply at once, and a
 * change without a number (a row deleted by hand, a restored backup) within a minute.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { ApiKey } from "../domain/ApiKey.ts"
import type { ApiKeyId } from "../domain/Ids.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { ApiKeys } from "./ApiKeys.ts"
import * as KeyLookups from "./KeyLookups.ts"
import type { StoreError } from "./StoreError.ts"
import { StoreHealth } from "./StoreHealth.ts"
import * as Loop from "../telemetry/Loop.ts"

const staleAfterMs = 1000
/** Twice within the second, so that one slow answer does not send each request to the database. */
const askEvery = "400 millis"
const mostRevocations = 1000
/** About 1 KB each. With more keys in use, some are read more often. */
const mostKnown = 10_000
const knownForMs = 60_000
/**
 * Hashes only, 2 MB, for callers that repeat a wrong key. The limit of `KeyLookups` stops a flood of different ones.
 */
const mostUnknown = 10_000
const unknownForMs = 60_000

interface KnownKey {
  readonly key: ApiKey
  /** The end of the key's validity in epoch milliseconds; it changes when the key is revoked. */
  readonly endsAt: () => number
}

interface Known extends KnownKey {
  key: ApiKey
  /** The start of the read that found it. */
  readAt: number
  /** The time at which a stream last asked for its end. */
  askedAt: number
}

export class KnownKeys extends Context.Service<
  KnownKeys,
  {
    /** Includes revoked and expired keys; undefined if no key has the hash. */
    readonly find: (hash: string) => Effect.Effect<KnownKey | undefined, StoreError>
    /** Call after this replica has revoked a key: earlier reads no longer count. */
    readonly forget: (id: ApiKeyId) => void
  }
>()("crossfade/store/KnownKeys") {
  static readonly layer: Layer.Layer<KnownKeys, StoreError, ApiKeys | StoreHealth> = Layer.effect(
    KnownKeys,
    Effect.suspend(() => make),
  )
}

/** Adds to a map of limited size and evicts the oldest entry. */
const add = <A>(map: Map<string, A>, key: string, value: A, most: number): void => {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value!)
}

const make = Effect.gen(function* () {
  const store = yield* ApiKeys
  const lookUp = yield* KeyLookups.make
  const clock = yield* Clock.clockWith(Effect.succeed)
  const known = new Map<string, Known>()
  /** The time until which a hash counts as unknown. */
  const unknown = new Map<string, number>()
  /** Read before the first key, so that none of its revocations is missed. */
  let last = yield* store.lastRevocation
  let polledAt = Number.NEGATIVE_INFINITY
  /** Revocations seen by this replica. A read that runs during one may return the state before it. */
  let revocationCount = 0

  const isFresh = ({ key, readAt }: Known, now: number): boolean =>
    now - readAt < knownForMs && (key.revokedAt !== null || now - Math.max(readAt, polledAt) < staleAfterMs)

  const entryOf = (key: ApiKey, readAt: number): Known => {
    const entry: Known = {
      key,
      readAt,
      askedAt: readAt,
      endsAt: () => {
        entry.askedAt = monotonicMillis(clock)
        const { expiresAt, revokedAt } = entry.key
        // Now, regardless of the clock of the replica that revoked it.
        return revokedAt === null ? (expiresAt ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY
      },
    }
    return entry
  }

  /** Updates the entry that open streams hold, if there is one. */
  const remember = (hash: string, key: ApiKey, readAt: number): Known => {
    const entry = known.get(hash) ?? entryOf(key, readAt)
    entry.key = key
    entry.readAt = readAt
    add(known, hash, entry, mostKnown)
    return entry
  }

  const read = (hash: string): Effect.Effect<KnownKey | undefined, StoreError> =>
    Effect.suspend(() => {
      const now = monotonicMillis(clock)
      const before = revocationCount
      return Effect.flatMap(lookUp(hash), (key) => {
        if (key !== undefined)
          return before === revocationCount ? Effect.succeed(remember(hash, key, now)) : read(hash)
        known.delete(hash)
        add(unknown, hash, now + unknownForMs, mostUnknown)
        return Effect.undefined
      })
    })

  const find: KnownKeys["Service"]["find"] = (hash) =>
    Effect.suspend(() => {
      const now = monotonicMillis(clock)
      const found = known.get(hash)
      if (found !== undefined && isFresh(found, now)) return Effect.succeed(found)
      return (unknown.get(hash) ?? 0) > now ? Effect.undefined : read(hash)
    })

  const forget: KnownKeys["Service"]["forget"] = (id) => {
    revocationCount += 1
    for (const entry of known.values()) if (entry.key.id === id) entry.readAt = Number.NEGATIVE_INFINITY
  }

  const poll: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    const now = monotonicMillis(clock)
    for (const [hash, { askedAt, readAt }] of known)
      if (now - Math.max(askedAt, readAt) >= knownForMs) known.delete(hash)
    if (known.size === 0) return Effect.void
    return Effect.flatMap(store.revokedAfter(last, mostRevocations), (revocations) => {
      for (const { hash, number, revokedAt } of revocations) {
        last = number
        revocationCount += 1
        const found = known.get(hash)
        if (found !== undefined) found.key = { ...found.key, revokedAt }
      }
      if (revocations.length === mostRevocations) return poll
      polledAt = now
      return Effect.void
    })
  })
  // Callers that need the store report its absence.
  const refresh = Effect.catchTag(poll, "StoreError", () => Effect.void)
  yield* Loop.every("key_cache", Schedule.spaced(askEvery), refresh)
  return KnownKeys.of({ find, forget })
})
