/**
 * Turns the bearer token or API key into a `Principal` and checks the endpoint's permissions. A ticket in the URL
 * also allows reading a run's events; a token takes precedence. Without keys to verify a token, the response is 503,
 * not 401.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Reads } from "../admission/Reads.ts"
import {
  AccessEnds,
  Authorization,
  CurrentPrincipal,
  OrPermission,
  RequiredPermissions,
  TakesFileLink,
  TakesTicket,
} from "../api/Authorization.ts"
import type { PublicError } from "../protocol/PublicError.ts"
import { looksLikeKey } from "../domain/ApiKey.ts"
import { isOperatorPermission } from "../domain/Operators.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import type { TokenRules } from "../domain/TokenRules.ts"
import { FileLinks } from "../files/FileLinks.ts"
import type { KeyUses } from "../store/KeyUses.ts"
import type { KnownKeys } from "../store/KnownKeys.ts"
import { respond, type ServiceError, toPublic } from "./ErrorMapping.ts"
import { held } from "./HeldAnswers.ts"
import * as Jwks from "./Jwks.ts"
import { type Secret, TokenExpired, TokenInvalid, type Verified } from "./Jwt.ts"
import { pathOf } from "./RequestPath.ts"
import { SigningSecret } from "./SigningSecret.ts"
import * as ReadTicket from "./ReadTicket.ts"
import * as VerifiedKeys from "./VerifiedKeys.ts"
import * as VerifiedTokens from "./VerifiedTokens.ts"

const missing: PublicError = {
  code: "AUTH_TOKEN_MISSING",
  message: "Send a token or an API key in the header `Authorization: Bearer <token>`.",
}

/** A token may name an operator's permission and still lack it, because only some sources grant those. */
export const denied = (permissions: ReadonlyArray<string>): PublicError => ({
  code: "AUTH_PERMISSION_DENIED",
  message: `The token lacks: ${permissions.join(", ")}.${
    permissions.some(isOperatorPermission)
      ? " Only tokens of AUTH_OPERATOR_SECRET or AUTH_OPERATOR_ISSUERS can have it."
      : ""
  }`,
})

/** The permissions that the endpoint requires and the principal lacks. */
const lackingFor = (endpoint: HttpApiEndpoint.Top, principal: Principal): ReadonlyArray<string> => {
  const lacking = missingPermissions(
    principal,
    Context.getOrUndefined(endpoint.annotations, RequiredPermissions) ?? [],
  )
  if (lacking.length === 0) return lacking
  const instead = Context.getOrUndefined(endpoint.annotations, OrPermission)
  return instead !== undefined && missingPermissions(principal, [instead]).length === 0 ? [] : lacking
}

/** The ticket in the URL with the run in the path; undefined without one, or if the endpoint accepts none. */
const ticketOf = Effect.fnUntraced(function* (endpoint: HttpApiEndpoint.Top) {
  if (Context.getOrUndefined(endpoint.annotations, TakesTicket) === undefined) return undefined
  const { ticket } = yield* HttpServerRequest.ParsedSearchParams
  const { runId } = yield* HttpRouter.params
  return typeof ticket === "string" && ticket !== "" && runId !== undefined ? { ticket, runId } : undefined
})

/** The file ticket in the URL; undefined without one, or if the endpoint accepts none. */
const fileTicketOf = Effect.fnUntraced(function* (endpoint: HttpApiEndpoint.Top) {
  if (Context.getOrUndefined(endpoint.annotations, TakesFileLink) === undefined) return undefined
  const { ticket } = yield* HttpServerRequest.ParsedSearchParams
  const { url } = yield* HttpServerRequest.HttpServerRequest
  return typeof ticket === "string" && ticket !== "" ? { ticket, path: pathOf(url) } : undefined
})

interface Identified {
  readonly principal: Principal
  readonly accessEnds: () => number
}

const identified = ({ expiresAt, principal }: Verified): Identified => ({
  principal,
  accessEnds: () => expiresAt,
})

type TicketPlace = Effect.Services<ReturnType<typeof fileTicketOf> | ReturnType<typeof ticketOf>>

/** A download that has begun continues after the link has expired. */
const openedBy = (
  links: FileLinks["Service"],
  { path, ticket }: { readonly path: string; readonly ticket: string },
): Effect.Effect<Identified, TokenExpired | TokenInvalid> =>
  links.verify(ticket, path).pipe(
    Effect.map((owner) =>
      identified({
        principal: { ...owner, permissions: ["chat:read"] },
        expiresAt: Number.POSITIVE_INFINITY,
      }),
    ),
    Effect.mapError(({ expired }) =>
      expired ? new TokenExpired() : new TokenInvalid({ reason: "The ticket is not for this file." }),
    ),
  )

const heldFor = <E, R>(
  reads: Reads["Service"],
  principal: Principal,
  served: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
) =>
  Effect.flatMap(Effect.all([HttpServerRequest.HttpServerRequest, served]), ([request, response]) =>
    held(reads, request, response, principal),
  )

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

export const layer = (
  settings: AuthSettings,
): Layer.Layer<
  Authorization,
  never,
  FileLinks | HttpClient.HttpClient | KeyUses | KnownKeys | Reads | SigningSecret
> =>
  Layer.effect(
    Authorization,
    Effect.gen(function* () {
      const { jwksUrl, previousSecrets, rules } = settings
      const links = yield* FileLinks
      const reads = yield* Reads
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
      const byRunTicket = (endpoint: HttpApiEndpoint.Top) =>
        Effect.flatMap(ticketOf(endpoint), (given) =>
          given === undefined
            ? Effect.undefined
            : Effect.map(verifyTicket(given.ticket, given.runId), identified),
        )
      const byTicket = (endpoint: HttpApiEndpoint.Top) =>
        Effect.flatMap(fileTicketOf(endpoint), (given) =>
          given === undefined ? byRunTicket(endpoint) : openedBy(links, given),
        )
      const identify = (
        credential: string,
        endpoint: HttpApiEndpoint.Top,
      ): Effect.Effect<Identified | undefined, ServiceError, TicketPlace> => {
        if (credential === "") return byTicket(endpoint)
        return looksLikeKey(credential)
          ? verifyKey(credential)
          : Effect.map(verifyToken(credential), identified)
      }
      return Authorization.of({
        bearer: (httpEffect, { credential, endpoint }) => {
          const proceed = (caller: Identified | undefined) => {
            if (caller === undefined) return respond(missing)
            const { accessEnds, principal } = caller
            const lacking = lackingFor(endpoint, principal)
            if (lacking.length > 0) return respond(denied(lacking))
            const served = httpEffect.pipe(
              Effect.provideService(CurrentPrincipal, principal),
              Effect.provideService(AccessEnds, accessEnds),
            )
            return endpoint.method === "GET"
              ? Effect.matchEffect(reads.admit(principal), {
                  onFailure: (error) => respond(toPublic(error)),
                  onSuccess: () => heldFor(reads, principal, served),
                })
              : served
          }
          return Effect.matchEffect(identify(Redacted.value(credential), endpoint), {
            onFailure: (error) => respond(toPublic(error)),
            onSuccess: proceed,
          })
        },
      })
    }),
  )
