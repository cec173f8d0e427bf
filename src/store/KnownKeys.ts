/**
 * API keys in use, read from memory, so that a request does not ask the database for its key. Replicas poll the revocations, which
 * are numbered, in one statement for all keys.
 *
 * A stream asks for the end of its key as long as it is open, which keeps the key in memory.
 *
 * Invariant: a key that is given out as valid was valid at most a second ago, with and without Redis. Where the store does not
 * answer, nothing older is given out: the caller fails. This replica's own revocations hold at once, and a change without a number
 * (a row deleted by hand, a backup that was restored) within a minute.
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
/** Twice within the second, so that a slow answer does not yet send every request to the database. */
const askEvery = "400 millis"
const mostRevocations = 1000
/** About 1 KB each. With more in use, some are read more often. */
const mostKnown = 10_000
const knownForMs = 60_000
/** Hashes alone, 2 MB: callers that repeat a wrong key. A flood of different ones meets the bound of `KeyLookups`. */
const mostUnknown = 10_000
const unknownForMs = 60_000

export interface KnownKey {
  readonly key: ApiKey
  /** Until when the key is valid, epoch milliseconds. Another answer once it is revoked. */
  readonly endsAt: () => number
}

interface Known extends KnownKey {
  key: ApiKey
  /** When the read began that found it. */
  readAt: number
  /** When a stream asked for its end. */
  askedAt: number
}

export class KnownKeys extends Context.Service<
  KnownKeys,
  {
    /** Revoked and expired keys included; undefined for a hash of no key. */
    readonly find: (hash: string) => Effect.Effect<KnownKey | undefined, StoreError>
    /** This replica has revoked a key: nothing that was read before counts. */
    readonly forget: (id: ApiKeyId) => void
  }
>()("crossfade/store/KnownKeys") {
  static readonly layer: Layer.Layer<KnownKeys, StoreError, ApiKeys | StoreHealth> = Layer.effect(
    KnownKeys,
    Effect.suspend(() => make),
  )
}

/** Adds to a map of limited size, whose oldest entry leaves. */
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
  /** Until when a hash is taken for no key's. */
  const unknown = new Map<string, number>()
  /** Before the first key is read, so none of its revocations is missed. */
  let last = yield* store.lastRevocation
  let polledAt = Number.NEGATIVE_INFINITY
  /** Revocations that were seen here. A read that was under way may have found what was before them. */
  let seen = 0

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
        // Now, whatever the clock of the replica says that revoked it.
        return revokedAt === null ? (expiresAt ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY
      },
    }
    return entry
  }

  /** Into the entry that open streams hold, where there is one. */
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
      const before = seen
      return Effect.flatMap(lookUp(hash), (key) => {
        if (key !== undefined) return before === seen ? Effect.succeed(remember(hash, key, now)) : read(hash)
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
    seen += 1
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
        seen += 1
        const found = known.get(hash)
        if (found !== undefined) found.key = { ...found.key, revokedAt }
      }
      if (revocations.length === mostRevocations) return poll
      polledAt = now
      return Effect.void
    })
  })
  // A store that is away is reported by callers who need it.
  const refresh = Effect.catchTag(poll, "StoreError", () => Effect.void)
  yield* Loop.every("key_cache", Schedule.spaced(askEvery), refresh)
  return KnownKeys.of({ find, forget })
})
