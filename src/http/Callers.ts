/** Identifies callers by their token, API key or ticket. Without keys to verify a token it fails; the response is 503, not 401. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type { Principal } from "../domain/Principal.ts"
import { looksLikeKey } from "../domain/ApiKey.ts"
import type { TokenRules } from "../domain/TokenRules.ts"
import type { KeyUses } from "../store/KeyUses.ts"
import type { KnownKeys } from "../store/KnownKeys.ts"
import type { ServiceError } from "./ErrorMapping.ts"
import * as Jwks from "./Jwks.ts"
import type { Secret, Verified } from "./Jwt.ts"
import { SigningSecret } from "./SigningSecret.ts"
import * as ReadTicket from "./ReadTicket.ts"
import * as VerifiedKeys from "./VerifiedKeys.ts"
import * as VerifiedTokens from "./VerifiedTokens.ts"

export interface Identified {
  readonly principal: Principal
  readonly accessEnds: () => number
}

export const identified = ({ expiresAt, principal }: Verified): Identified => ({
  principal,
  accessEnds: () => expiresAt,
})

export interface AuthSettings {
  readonly rules: TokenRules
  readonly previousSecrets: ReadonlyArray<Secret>
  /** The secret that signs operators' tokens, and its predecessors. */
  readonly operatorSecrets: ReadonlyArray<Secret>
  /** Empty without an identity provider. */
  readonly jwksUrl: string
}

const warn = Effect.fnUntraced(function* (
  { jwksUrl, operatorSecrets, rules }: AuthSettings,
  { made }: SigningSecret["Service"],
) {
  if (jwksUrl !== "" && rules.audiences.length === 0)
    yield* Effect.logWarning(
      "AUTH_AUDIENCE is not set: the provider's tokens for other services are accepted",
    )
  if (!made && operatorSecrets.length === 0 && rules.operatorIssuers.length === 0)
    yield* Effect.logWarning(
      "the operators' routes are closed, no token can have operator:read or operator:write: set AUTH_OPERATOR_SECRET, or AUTH_OPERATOR_ISSUERS with AUTH_JWKS_URL",
    )
})

/** A secret that the service generated also signs operators' tokens, because it never leaves this machine. */
const secretsOf = (
  { operatorSecrets, previousSecrets }: AuthSettings,
  { made, secret }: SigningSecret["Service"],
) =>
  made
    ? { secrets: previousSecrets, operatorSecrets: [secret, ...operatorSecrets] }
    : { secrets: [secret, ...previousSecrets], operatorSecrets }

export class Callers extends Context.Service<
  Callers,
  {
    /** The caller of a token or an API key. */
    readonly of: (credential: string) => Effect.Effect<Identified, ServiceError>
    /** The caller of a read ticket for the run. */
    readonly ofTicket: (ticket: string, runId: string) => Effect.Effect<Identified, ServiceError>
  }
>()("crossfade/http/Callers") {
  static readonly layer = (
    settings: AuthSettings,
  ): Layer.Layer<Callers, never, HttpClient.HttpClient | KeyUses | KnownKeys | SigningSecret> =>
    Layer.effect(Callers, make(settings))
}

const make = Effect.fnUntraced(function* (settings: AuthSettings) {
  const { jwksUrl, previousSecrets, rules } = settings
  const signing = yield* SigningSecret
  const jwks = jwksUrl === "" ? undefined : yield* Jwks.make(jwksUrl)
  yield* warn(settings, signing)
  const verifyToken = yield* VerifiedTokens.make({ ...secretsOf(settings, signing), jwks, rules })
  const verifyKey = yield* VerifiedKeys.make
  const verifyTicket = (ticket: string, runId: string) =>
    previousSecrets.reduce(
      (verified, previous) =>
        Effect.catchTag(verified, "TokenInvalid", () => ReadTicket.verify(previous, ticket, runId)),
      ReadTicket.verify(signing.secret, ticket, runId),
    )
  return Callers.of({
    of: (credential) =>
      looksLikeKey(credential) ? verifyKey(credential) : Effect.map(verifyToken(credential), identified),
    ofTicket: (ticket, runId) => Effect.map(verifyTicket(ticket, runId), identified),
  })
})
