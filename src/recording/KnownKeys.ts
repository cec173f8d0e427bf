/**
 * API keys in use, read from memory, so that a request does not ask the database for its key. Replicas poll the revocations, which
 * are numbered, in one statement for all keys.
 *
 * Invariant: a key that is given out as valid was valid at most a second ago, with and without Redis. Where the store does not
 * answer, nothing older is given out: the caller fails. This replica's own revocations hold at once, and a change without a number
 * (a row deleted by hand, a backup that was restored) within a minute.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ApiKey } from "../domain/ApiKey.ts"
import type { ApiKeyId } from "../domain/Ids.ts"
import { monotonicMillis } from "../domain/Monotonic.ts"
import { ApiKeys } from "./ApiKeys.ts"
import * as KeyLookups from "./KeyLookups.ts"
import type { StoreError } from "./StoreError.ts"
import { StoreHealth } from "./StoreHealth.ts"

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

interface Known {
  key: ApiKey
  /** When the read began that found it. */
  readonly readAt: number
}

export class KnownKeys extends Context.Service<
  KnownKeys,
  {
    /** Revoked and expired keys included; undefined for a hash of no key. */
    readonly find: (hash: string) => Effect.Effect<ApiKey | undefined, StoreError>
    /** This replica has revoked a key: nothing that was read before counts. */
    readonly forget: (id: ApiKeyId) => void
  }
>()("crossfade/recording/KnownKeys") {
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

  const read = (hash: string, now: number) => {
    const before = seen
    return Effect.tap(lookUp(hash), (key) =>
      Effect.sync(() => {
        if (key === undefined) add(unknown, hash, now + unknownForMs, mostUnknown)
        else if (before === seen) add(known, hash, { key, readAt: now }, mostKnown)
      }),
    )
  }

  const find: KnownKeys["Service"]["find"] = (hash) =>
    Effect.suspend(() => {
      const now = monotonicMillis(clock)
      const found = known.get(hash)
      if (found !== undefined && isFresh(found, now)) return Effect.succeed(found.key)
      return (unknown.get(hash) ?? 0) > now ? Effect.undefined : read(hash, now)
    })

  const forget: KnownKeys["Service"]["forget"] = (id) => {
    seen += 1
    for (const [hash, { key }] of known) if (key.id === id) known.delete(hash)
  }

  const poll: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    const now = monotonicMillis(clock)
    for (const [hash, { readAt }] of known) if (now - readAt >= knownForMs) known.delete(hash)
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
  yield* poll.pipe(
    // A store that is away is reported by callers who need it.
    Effect.catchTag("StoreError", () => Effect.void),
    Effect.andThen(Effect.sleep(askEvery)),
    Effect.forever,
    Effect.withTracerEnabled(false),
    Effect.forkScoped,
  )
  return KnownKeys.of({ find, forget })
})
