/** Turns an API key into its principal and expiry. Requests with a valid key count as its use. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { hashOf, isKeyText, KeyExpired, KeyInvalid, KeyRevoked, principalOf } from "../domain/ApiKey.ts"
import type { Principal } from "../domain/Principal.ts"
import { KeyUses } from "../store/KeyUses.ts"
import { KnownKeys } from "../store/KnownKeys.ts"
import type { StoreError } from "../store/StoreError.ts"

type VerifyKey = (
  text: string,
) => Effect.Effect<
  { readonly principal: Principal; readonly accessEnds: () => number },
  KeyExpired | KeyInvalid | KeyRevoked | StoreError
>

export const make = Effect.gen(function* () {
  const known = yield* KnownKeys
  const uses = yield* KeyUses

  const verify: VerifyKey = Effect.fnUntraced(function* (text) {
    // A text of another length or alphabet needs no hash.
    if (!isKeyText(text)) return yield* new KeyInvalid()
    const found = yield* known.find(hashOf(text))
    if (found === undefined) return yield* new KeyInvalid()
    const { key } = found
    if (key.revokedAt !== null) return yield* new KeyRevoked()
    const now = yield* Clock.currentTimeMillis
    if (key.expiresAt !== null && key.expiresAt <= now) return yield* new KeyExpired()
    uses.note(key.id, now)
    return { principal: principalOf(key), accessEnds: found.endsAt }
  })
  return verify
})
