/**
 * Tokens: HS256 JSON Web Tokens (RFC 7519) with the claims `sub`, `org_id` and `permissions` (an array) or `scope` (RFC
 * 8693: words separated by spaces). Verified by `jose` with the algorithm fixed, so that a token cannot choose it; time
 * comes from the Clock.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { errors, jwtVerify, SignJWT } from "jose"
import { TokenOrgId, TokenUserId } from "../domain/Ids.ts"
import type { Principal } from "../domain/Principal.ts"

export class TokenExpired extends Schema.TaggedError<TokenExpired>()("TokenExpired", {}) {}
/** `reason` says what is wrong with it, for the caller; it names no secret. */
export class TokenInvalid extends Schema.TaggedError<TokenInvalid>()("TokenInvalid", {
  reason: Schema.String,
}) {}

export type Secret = Redacted.Redacted<string>

const Claims = Schema.Struct({
  sub: TokenUserId,
  org_id: TokenOrgId,
  permissions: Schema.optionalKey(Schema.Array(Schema.String)),
  scope: Schema.optionalKey(Schema.String),
})
const decodeClaims = Schema.decodeUnknownEffect(Claims)

const keyOf = (secret: Secret) => new TextEncoder().encode(Redacted.value(secret))

/** Also for a ticket: what is wrong with it is said in the same words. */
export const fromJose = (cause: unknown) =>
  cause instanceof errors.JWTExpired
    ? new TokenExpired()
    : new TokenInvalid({ reason: "The signature, the algorithm or a time claim of the token is not valid." })

/** `expiresAt`: epoch milliseconds; infinite for a token that says nothing of it. */
export const verify = (
  secret: Secret,
  token: string,
): Effect.Effect<
  { readonly principal: Principal; readonly expiresAt: number },
  TokenExpired | TokenInvalid
> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { payload } = yield* Effect.tryPromise({
      try: () => jwtVerify(token, keyOf(secret), { algorithms: ["HS256"], currentDate: new Date(now) }),
      catch: fromJose,
    })
    const claims = yield* Effect.mapError(
      decodeClaims(payload),
      () => new TokenInvalid({ reason: "The token must have the claims sub and org_id, as texts." }),
    )
    const permissions = claims.permissions ?? claims.scope?.split(" ").filter((word) => word !== "") ?? []
    const principal = { userId: claims.sub, orgId: claims.org_id, permissions }
    return { principal, expiresAt: (payload.exp ?? Number.POSITIVE_INFINITY) * 1000 }
  })

/** A token of `principal` that is valid for `hours` from now. */
export const mint = (secret: Secret, principal: Principal, hours: number): Effect.Effect<string> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const seconds = Math.floor(now / 1000)
    return Effect.promise(() =>
      new SignJWT({ org_id: principal.orgId, permissions: [...principal.permissions] })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setSubject(principal.userId)
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + Math.round(hours * 3600))
        .sign(keyOf(secret)),
    )
  })
