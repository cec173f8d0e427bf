/**
 * Lets a request in if its caller is known (`Callers`) and has the endpoint's permissions. A ticket in the URL also
 * allows reading a run's events; a token takes precedence.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
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
import { isOperatorPermission } from "../domain/Operators.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import { FileLinks } from "../files/FileLinks.ts"
import { Callers, identified, type Identified } from "./Callers.ts"
import { respond, type ServiceError, toPublic } from "./ErrorMapping.ts"
import { held } from "./HeldAnswers.ts"
import { TokenExpired, TokenInvalid } from "./Jwt.ts"
import { pathOf } from "./RequestPath.ts"

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

/** Serves the caller if it has the permissions of the endpoint. */
export const servedFor = <E, R>(
  { accessEnds, principal }: Identified,
  endpoint: HttpApiEndpoint.Top,
  httpEffect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
) => {
  const lacking = lackingFor(endpoint, principal)
  if (lacking.length > 0) return respond(denied(lacking))
  // Not `provideContext`, which copies all services of the process.
  return httpEffect.pipe(
    Effect.provideService(CurrentPrincipal, principal),
    Effect.provideService(AccessEnds, accessEnds),
  )
}

export const layer: Layer.Layer<Authorization, never, Callers | FileLinks | Reads> = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const callers = yield* Callers
    const links = yield* FileLinks
    const reads = yield* Reads
    const byRunTicket = (endpoint: HttpApiEndpoint.Top) =>
      Effect.flatMap(ticketOf(endpoint), (given) =>
        given === undefined ? Effect.undefined : callers.ofTicket(given.ticket, given.runId),
      )
    const byTicket = (endpoint: HttpApiEndpoint.Top) =>
      Effect.flatMap(fileTicketOf(endpoint), (given) =>
        given === undefined ? byRunTicket(endpoint) : openedBy(links, given),
      )
    const identify = (
      credential: string,
      endpoint: HttpApiEndpoint.Top,
    ): Effect.Effect<Identified | undefined, ServiceError, TicketPlace> =>
      credential === "" ? byTicket(endpoint) : callers.of(credential)
    return Authorization.of({
      bearer: (httpEffect, { credential, endpoint }) => {
        const proceed = (caller: Identified | undefined) => {
          if (caller === undefined) return respond(missing)
          const served = servedFor(caller, endpoint, httpEffect)
          return endpoint.method === "GET"
            ? Effect.matchEffect(reads.admit(caller.principal), {
                onFailure: (error) => respond(toPublic(error)),
                onSuccess: () => heldFor(reads, caller.principal, served),
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
