/**
 * Tokens that were verified a moment ago, so that a user's next request costs no signature. What is kept is a hash of the
 * token and whom it is of, until it expires and for a minute at the most; only good tokens are kept.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { hash } from "node:crypto"
import type { Principal } from "../domain/Principal.ts"
import * as Jwt from "./Jwt.ts"

/** Who has more users at once verifies some of their tokens again. */
const mostKept = 10_000
const longestMs = 60_000

interface Verified {
  readonly principal: Principal
  readonly until: number
}

export type Verify = (token: string) => Effect.Effect<Principal, Jwt.TokenExpired | Jwt.TokenInvalid>

export const make = (secret: Jwt.Secret): Verify => {
  const kept = new Map<string, Verified>()

  const verify = (token: string, key: string) =>
    Effect.gen(function* () {
      const { expiresAt, principal } = yield* Jwt.verify(secret, token)
      const now = yield* Clock.currentTimeMillis
      kept.delete(key)
      kept.set(key, { principal, until: Math.min(expiresAt, now + longestMs) })
      if (kept.size > mostKept) kept.delete(kept.keys().next().value!)
      return principal
    })

  return (token) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const key = hash("sha256", token, "base64")
      const known = kept.get(key)
      return known !== undefined && now < known.until ? Effect.succeed(known.principal) : verify(token, key)
    })
}
