/**
 * Tokens that were verified a moment ago, so that a user's next request costs no signature. Kept are a hash of the token, its
 * principal and its end, until it expires and for a minute at the most. Refused tokens are not kept.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { hash } from "node:crypto"
import type { KeysUnavailable } from "./Jwks.ts"
import * as Jwt from "./Jwt.ts"

/** With more users at once some of their tokens are verified again. */
const mostKept = 10_000
const longestMs = 60_000

interface Kept {
  readonly verified: Jwt.Verified
  readonly until: number
}

export type Verify = (
  token: string,
) => Effect.Effect<Jwt.Verified, KeysUnavailable | Jwt.TokenExpired | Jwt.TokenInvalid>

export const make = (verifier: Jwt.Verifier): Verify => {
  const kept = new Map<string, Kept>()

  const verify = (token: string, key: string) =>
    Effect.gen(function* () {
      const verified = yield* Jwt.verify(verifier, token)
      const now = yield* Clock.currentTimeMillis
      kept.delete(key)
      kept.set(key, { verified, until: Math.min(verified.expiresAt, now + longestMs) })
      if (kept.size > mostKept) kept.delete(kept.keys().next().value!)
      return verified
    })

  return (token) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const key = hash("sha256", token, "base64")
      const known = kept.get(key)
      return known !== undefined && now < known.until ? Effect.succeed(known.verified) : verify(token, key)
    })
}
