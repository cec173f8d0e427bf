/**
 * Turns the bearer token or API key into a `Principal` and checks it against the endpoint's permissions. A run's events can also be
 * read with a ticket in the URL; a token goes before it. Without keys to verify a token with, the answer is 503, not 401.
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
import { Authorization, CurrentPrincipal, RequiredPermissions, TakesTicket } from "../api/Authorization.ts"
import type { PublicError } from "../api/PublicError.ts"
import { looksLikeKey } from "../domain/ApiKey.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import type { TokenRules } from "../domain/TokenRules.ts"
import type { KeyUses } from "../recording/KeyUses.ts"
import type { KnownKeys } from "../recording/KnownKeys.ts"
import { respond, type ServiceError, toPublic } from "./ErrorMapping.ts"
import * as Jwks from "./Jwks.ts"
import { SigningSecret } from "./SigningSecret.ts"
import * as Ticket from "./Ticket.ts"
import * as VerifiedKeys from "./VerifiedKeys.ts"
import * as VerifiedTokens from "./VerifiedTokens.ts"

const missing: PublicError = {
  code: "AUTH_TOKEN_MISSING",
  message: "Send a token or an API key in the header `Authorization: Bearer <token>`.",
}

const denied = (permissions: ReadonlyArray<string>): PublicError => ({
  code: "AUTH_PERMISSION_DENIED",
  message: `The token lacks: ${permissions.join(", ")}.`,
})

/** The ticket in the URL and the run in the path; undefined without one, and where the endpoint takes none. */
const ticketOf = Effect.fnUntraced(function* (endpoint: HttpApiEndpoint.Top) {
  if (Context.getOrUndefined(endpoint.annotations, TakesTicket) === undefined) return undefined
  const { ticket } = yield* HttpServerRequest.ParsedSearchParams
  const { runId } = yield* HttpRouter.params
  return typeof ticket === "string" && ticket !== "" && runId !== undefined ? { ticket, runId } : undefined
})

type TicketPlace = Effect.Services<ReturnType<typeof ticketOf>>

export interface AuthSettings {
  readonly rules: TokenRules
  readonly previousSecrets: ReadonlyArray<Redacted.Redacted<string>>
  /** Empty without an identity provider. */
  readonly jwksUrl: string
}

export const layer = ({
  jwksUrl,
  previousSecrets,
  rules,
}: AuthSettings): Layer.Layer<
  Authorization,
  never,
  HttpClient.HttpClient | KeyUses | KnownKeys | SigningSecret
> =>
  Layer.effect(
    Authorization,
    Effect.gen(function* () {
      const { secret } = yield* SigningSecret
      const jwks = jwksUrl === "" ? undefined : yield* Jwks.make(jwksUrl)
      if (jwks !== undefined && rules.audiences.length === 0)
        yield* Effect.logWarning(
          "AUTH_AUDIENCE is not set: the provider's tokens for other services are accepted",
        )
      const verifyToken = VerifiedTokens.make({ secrets: [secret, ...previousSecrets], jwks, rules })
      const verifyKey = yield* VerifiedKeys.make
      const verifyTicket = (ticket: string, runId: string) =>
        previousSecrets.reduce(
          (verified, previous) =>
            Effect.catchTag(verified, "TokenInvalid", () => Ticket.verify(previous, ticket, runId)),
          Ticket.verify(secret, ticket, runId),
        )
      const byTicket = (endpoint: HttpApiEndpoint.Top) =>
        Effect.flatMap(ticketOf(endpoint), (given) =>
          given === undefined ? Effect.undefined : verifyTicket(given.ticket, given.runId),
        )
      const identify = (
        credential: string,
        endpoint: HttpApiEndpoint.Top,
      ): Effect.Effect<Principal | undefined, ServiceError, TicketPlace> => {
        if (credential === "") return byTicket(endpoint)
        return looksLikeKey(credential) ? verifyKey(credential) : verifyToken(credential)
      }
      return Authorization.of({
        bearer: (httpEffect, { credential, endpoint }) => {
          const required = Context.getOrUndefined(endpoint.annotations, RequiredPermissions) ?? []
          const proceed = (principal: Principal | undefined) => {
            if (principal === undefined) return Effect.succeed(respond(missing))
            const lacking = missingPermissions(principal, required)
            return lacking.length > 0
              ? Effect.succeed(respond(denied(lacking)))
              : Effect.provideService(httpEffect, CurrentPrincipal, principal)
          }
          return Effect.matchEffect(identify(Redacted.value(credential), endpoint), {
            onFailure: (error): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
              Effect.succeed(respond(toPublic(error))),
            onSuccess: proceed,
          })
        },
      })
    }),
  )
