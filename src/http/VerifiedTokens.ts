/**
 * Remembers tokens that were verified within the last minute, so that a user's next request costs no signature check. Requests
 * that arrive together with one token share its verification. The cache holds the token's hash, principal and expiry, never the
 * token. Refused tokens are not remembered.
 */
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { hash } from "node:crypto"
import type { KeysUnavailable } from "./Jwks.ts"
import * as Jwt from "./Jwt.ts"

/** If more users are active, the least recently used tokens are verified again. */
const capacity = 10_000
const longestMs = 60_000

type VerifyError = KeysUnavailable | Jwt.TokenExpired | Jwt.TokenInvalid
type Verify = (token: string) => Effect.Effect<Jwt.Verified, VerifyError>

/** The token to verify. It travels beside the cache's key, so that the cache does not retain it. */
class PresentedToken extends Context.Service<PresentedToken, string>()(
  "crossfade/http/VerifiedTokens/PresentedToken",
) {}

export const make = Effect.fnUntraced(function* (verifier: Jwt.Verifier): Effect.fn.Return<Verify> {
  const clock = yield* Clock.Clock
  const verified = yield* Cache.makeWith<string, Jwt.Verified, VerifyError, PresentedToken, "lookup">(
    () => Effect.flatMap(PresentedToken, (token) => Jwt.verify(verifier, token)),
    {
      capacity,
      requireServicesAt: "lookup",
      timeToLive: (exit) =>
        Exit.isSuccess(exit)
          ? Math.max(0, Math.min(exit.value.expiresAt - clock.currentTimeMillisUnsafe(), longestMs))
          : 0,
    },
  )
  const verify = (key: string, token: string) =>
    Effect.provideService(Cache.get(verified, key), PresentedToken, token)
  // A hit first: to provide a service copies the fiber's context, which costs ten times the hit.
  return (token) => {
    const key = hash("sha256", token, "base64")
    return Effect.flatMap(Cache.getSuccess(verified, key), (known) =>
      Option.isSome(known) ? Effect.succeed(known.value) : verify(key, token),
    )
  }
})
