/**
 * The public keys of the identity provider (RFC 7517), fetched from its `jwks_uri` and cached: at the start, every
 * few minutes, and when a token names an unknown key. Known keys stay in use while the provider is away; a fetched
 * set replaces them.
 *
 * Invariant: at most two fetches in 30 s for any tokens, and one at a time.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  type LocalJWKSet,
  type ProtectedHeaderParameters,
} from "jose"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { reasonOf } from "../domain/Reason.ts"
import { boundedBody } from "./BoundedAnswer.ts"
import * as Loop from "../telemetry/Loop.ts"
import * as StateLine from "../telemetry/StateLine.ts"

/** No keys have been fetched yet, so no token of the provider can be verified. */
export class KeysUnavailable extends Schema.TaggedError<KeysUnavailable>()("KeysUnavailable", {}) {}

class KeysUnusable extends Data.TaggedError("KeysUnusable")<{ readonly message: string }> {}

export interface Jwks {
  /**
   * Keys that may have signed a token with this header; several if it names none, none if the provider has no such
   * key.
   */
  readonly candidates: (
    header: ProtectedHeaderParameters,
  ) => Effect.Effect<ReadonlyArray<CryptoKey>, KeysUnavailable>
}

/** A key that the provider withdraws stays accepted for this long, and a new one is known before it signs. */
const period = "5 minutes"
const window = { ms: 30_000, fetches: 2 }
const timeLimit = "5 seconds"
/** The sets of large providers have a few keys of 2 kB each. */
const mostBytes = 256 * 1024

const KeySet = Schema.fromJsonString(Schema.Struct({ keys: Schema.Array(Schema.Unknown) }))

/** RFC 7517, section 5: a set may contain entries that this service does not understand. */
const isKey = Schema.is(Schema.Struct({ kty: Schema.String }))

/** A redirect is a failure, because only the configured address may supply keys. */
export const fetchFrom = Effect.fnUntraced(function* (client: HttpClient.HttpClient, url: string) {
  const response = yield* client.get(url, {
    accept: "application/json, application/jwk-set+json",
    headers: { "accept-encoding": "identity" },
  })
  if (response.status !== 200)
    return yield* new KeysUnusable({ message: `The answer has the status ${response.status}.` })
  const body = yield* boundedBody(response.stream, mostBytes)
  const keys = (yield* Schema.decodeEffect(KeySet)(body)).keys.filter(isKey)
  if (keys.length === 0) return yield* new KeysUnusable({ message: "The answer has no keys." })
  return createLocalJWKSet({ keys })
}, Effect.timeout(timeLimit))

const matching = async (
  keys: LocalJWKSet,
  header: ProtectedHeaderParameters,
): Promise<ReadonlyArray<CryptoKey>> => {
  try {
    return [await keys(header)]
  } catch (cause) {
    if (!(cause instanceof errors.JWKSMultipleMatchingKeys)) return []
    // For a token without `kid` that several keys fit, jose leaves the attempts to the caller.
    const several: Array<CryptoKey> = []
    for await (const key of cause) several.push(key)
    return several
  }
}

export const make = Effect.fnUntraced(function* (
  url: string,
): Effect.fn.Return<Jwks, never, HttpClient.HttpClient | Scope.Scope> {
  const client = yield* HttpClient.HttpClient
  const scope = yield* Effect.scope
  const clock = yield* Clock.clockWith(Effect.succeed)
  let keys: LocalJWKSet | undefined
  let under: Deferred.Deferred<void> | undefined
  let starts: ReadonlyArray<number> = []

  const line = StateLine.make({
    failing: () => "the keys of AUTH_JWKS_URL could not be fetched",
    recovered: (failures) => `the keys of AUTH_JWKS_URL are fetched again, after ${failures} failures`,
  })
  const fetched = Effect.matchEffect(fetchFrom(client, url), {
    onFailure: (error) =>
      line
        .failed(reasonOf(error))
        .pipe(Effect.annotateLogs({ reason: reasonOf(error), keysKnown: keys !== undefined })),
    onSuccess: (set) =>
      Effect.suspend(() => {
        keys = set
        return line.succeeded
      }),
  })

  /** Runs in the service's scope, so that a caller that disconnects neither ends the fetch nor wastes the limit. */
  const refresh = Effect.uninterruptibleMask((restore) => {
    if (under !== undefined) return restore(Deferred.await(under))
    const now = monotonicMillis(clock)
    const [oldest] = starts
    if (oldest !== undefined && starts.length === window.fetches && now - oldest < window.ms)
      return Effect.void
    starts = [...starts.slice(1 - window.fetches), now]
    const done = Deferred.makeUnsafe<void>()
    under = done
    const end = Effect.sync(() => {
      under = undefined
      Deferred.doneUnsafe(done, Effect.void)
    })
    return Effect.andThen(Effect.forkIn(Effect.ensuring(fetched, end), scope), restore(Deferred.await(done)))
  })

  yield* Loop.every("jwks", Schedule.spaced(period), refresh)

  const known = (header: ProtectedHeaderParameters) =>
    Effect.promise(() => (keys === undefined ? Promise.resolve([]) : matching(keys, header)))

  return {
    candidates: Effect.fnUntraced(function* (header) {
      const found = yield* known(header)
      if (found.length > 0) return found
      yield* refresh
      if (keys === undefined) return yield* new KeysUnavailable()
      return yield* known(header)
    }),
  }
})
