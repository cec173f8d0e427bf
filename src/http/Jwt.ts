/**
 * Bearer tokens: JSON Web Tokens (RFC 7519), signed with HS256 by a secret of the service, or with an asymmetric
 * algorithm by a key of the identity provider. The algorithm selects the keys, so a public key never serves as a
 * secret. Keys that a token contains or points to (`jwk`, `jku`, `x5u`) are never used. Time comes from the Clock.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import {
  type CryptoKey,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JWTVerifyOptions,
  type ProtectedHeaderParameters,
  SignJWT,
} from "jose"
import { claimsOf, faultOf, principalOf, type Signer } from "../domain/Claims.ts"
import type { Principal } from "../domain/Principal.ts"
import { defaults, type TokenRules } from "../domain/TokenRules.ts"
import type { Jwks, KeysUnavailable } from "./Jwks.ts"

export class TokenExpired extends Schema.TaggedError<TokenExpired>()("TokenExpired", {}) {}
/** `reason` describes the problem for the caller and names no secret. */
export class TokenInvalid extends Schema.TaggedError<TokenInvalid>()("TokenInvalid", {
  reason: Schema.String,
}) {}

export type Secret = Redacted.Redacted<string>

export interface Verifier {
  /** For HS256: the current secret and its predecessors. */
  readonly secrets: ReadonlyArray<Secret>
  /** The same for tokens with operators' permissions. */
  readonly operatorSecrets?: ReadonlyArray<Secret>
  /** For the other algorithms. */
  readonly jwks?: Jwks | undefined
  readonly rules: TokenRules
}

/** `expiresAt`: epoch milliseconds, leeway included; infinite for a token without `exp`. */
export interface Verified {
  readonly principal: Principal
  readonly expiresAt: number
}

/** The clocks of issuer and service may differ by this (RFC 7519, section 4.1.4). */
const leewaySeconds = 60
const asymmetric: ReadonlyArray<unknown> = ["RS256", "ES256", "EdDSA"]

const keyOf = (secret: Secret) => new TextEncoder().encode(Redacted.value(secret))

/** Read tickets use the same words. */
export const fromJose = (cause: unknown) =>
  cause instanceof errors.JWTExpired
    ? new TokenExpired()
    : new TokenInvalid({ reason: "The signature, the algorithm or a time claim of the token is not valid." })

/**
 * Without a configured type: access tokens of RFC 9068 and plain ones. Logout tokens, proofs and others have their
 * own types.
 */
const isOfType = (type: string, given: unknown): boolean => {
  if (given === undefined) return type === ""
  const plain = (text: string) => text.toLowerCase().replace(/^application\//, "")
  return typeof given === "string" && (type === "" ? ["jwt", "at+jwt"] : [plain(type)]).includes(plain(given))
}

interface Candidate {
  readonly key: Uint8Array | CryptoKey
  readonly signer: Signer
}

const candidates = (
  { jwks, operatorSecrets = [], secrets }: Verifier,
  header: ProtectedHeaderParameters,
): Effect.Effect<ReadonlyArray<Candidate>, KeysUnavailable> => {
  if (header.alg === "HS256")
    return Effect.succeed([
      ...secrets.map((secret) => ({ key: keyOf(secret), signer: "service" as const })),
      ...operatorSecrets.map((secret) => ({ key: keyOf(secret), signer: "operators" as const })),
    ])
  if (jwks === undefined || !asymmetric.includes(header.alg)) return Effect.succeed([])
  return Effect.map(jwks.candidates(header), (keys) => keys.map((key) => ({ key, signer: "provider" })))
}

const firstVerified = async (token: string, keys: ReadonlyArray<Candidate>, options: JWTVerifyOptions) => {
  for (const { key, signer } of keys) {
    try {
      return { claims: (await jwtVerify(token, key, options)).payload, signer }
    } catch (cause) {
      if (!(cause instanceof errors.JWSSignatureVerificationFailed)) throw cause
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}

export const verify = Effect.fnUntraced(function* (
  verifier: Verifier,
  token: string,
): Effect.fn.Return<Verified, KeysUnavailable | TokenExpired | TokenInvalid> {
  const { rules } = verifier
  const header = yield* Effect.try({ try: () => decodeProtectedHeader(token), catch: fromJose })
  const keys = yield* candidates(verifier, header)
  const now = yield* Clock.currentTimeMillis
  const { claims, signer } = yield* Effect.tryPromise({
    try: () =>
      firstVerified(token, keys, {
        algorithms: [String(header.alg)],
        clockTolerance: leewaySeconds,
        currentDate: new Date(now),
      }),
    catch: fromJose,
  })
  if (!isOfType(rules.type, header.typ))
    return yield* new TokenInvalid({ reason: "The token is of another type (header typ)." })
  const reason = faultOf(rules, claims)
  if (reason !== undefined) return yield* new TokenInvalid({ reason })
  const principal = principalOf(rules, claims, signer)
  if (typeof principal === "string") return yield* new TokenInvalid({ reason: principal })
  const expiresAt = ((claims.exp ?? Number.POSITIVE_INFINITY) + leewaySeconds) * 1000
  return { principal, expiresAt }
})

/** A token of `principal`, valid for `hours`, with the claims that `rules` require. */
export const mint = (
  secret: Secret,
  principal: Principal,
  hours: number,
  rules: TokenRules = defaults,
): Effect.Effect<string> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const seconds = Math.floor(now / 1000)
    return Effect.promise(() =>
      new SignJWT(claimsOf(rules, principal))
        .setProtectedHeader({ alg: "HS256", typ: rules.type === "" ? "JWT" : rules.type })
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + Math.round(hours * 3600))
        .sign(keyOf(secret)),
    )
  })
