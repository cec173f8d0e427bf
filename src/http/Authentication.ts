/** Who calls, and whether they may: the bearer token to a `Principal`, checked against the endpoint's permissions. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Authorization, CurrentPrincipal, RequiredPermissions } from "../api/Authorization.ts"
import type { PublicError } from "../api/PublicError.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import { respond, toPublic } from "./ErrorMapping.ts"
import { SigningSecret } from "./SigningSecret.ts"
import * as VerifiedTokens from "./VerifiedTokens.ts"

const missing: PublicError = {
  code: "AUTH_TOKEN_MISSING",
  message: "Send a token in the header `Authorization: Bearer <token>`.",
}

const denied = (permissions: ReadonlyArray<string>): PublicError => ({
  code: "AUTH_PERMISSION_DENIED",
  message: `The token lacks: ${permissions.join(", ")}.`,
})

export const layer: Layer.Layer<Authorization, never, SigningSecret> = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const verify = VerifiedTokens.make((yield* SigningSecret).secret)
    return Authorization.of({
      bearer: (httpEffect, { credential, endpoint }) => {
        const token = Redacted.value(credential)
        if (token === "") return Effect.succeed(respond(missing))
        const required = Context.getOrUndefined(endpoint.annotations, RequiredPermissions) ?? []
        const proceed = (principal: Principal) => {
          const lacking = missingPermissions(principal, required)
          return lacking.length > 0
            ? Effect.succeed(respond(denied(lacking)))
            : Effect.provideService(httpEffect, CurrentPrincipal, principal)
        }
        return Effect.matchEffect(verify(token), {
          onFailure: (error): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
            Effect.succeed(respond(toPublic(error))),
          onSuccess: proceed,
        })
      },
    })
  }),
)
