/** The security scheme of the API, and the permissions of an endpoint. `src/http/Authentication.ts` implements it. */
import * as Context from "effect/Context"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import type { Principal } from "../domain/Principal.ts"

export class CurrentPrincipal extends Context.Service<CurrentPrincipal, Principal>()(
  "crossfade/api/CurrentPrincipal",
) {}

/**
 * The time at which the caller's token or API key expires, in epoch milliseconds; infinite without an end. The caller's
 * streams end then too. A revocation changes it, so open streams ask again.
 */
export const AccessEnds = Context.Reference<() => number>("crossfade/api/AccessEnds", {
  defaultValue: () => () => Number.POSITIVE_INFINITY,
})

/** The permissions that an endpoint requires, all of them. An annotation of the endpoint. */
export class RequiredPermissions extends Context.Service<RequiredPermissions, ReadonlyArray<string>>()(
  "crossfade/api/RequiredPermissions",
) {}

/** A permission that the endpoint accepts instead of the required ones. An annotation. */
export class OrPermission extends Context.Service<OrPermission, string>()("crossfade/api/OrPermission") {}

/**
 * True if the endpoint also accepts a read ticket (`?ticket=`) for the run in its path instead of a token. An
 * annotation.
 */
export class TakesTicket extends Context.Service<TakesTicket, true>()("crossfade/api/TakesTicket") {}

/** True if the endpoint also accepts a file ticket (`?ticket=`) for its path instead of a token. An annotation. */
export class TakesFileLink extends Context.Service<TakesFileLink, true>()("crossfade/api/TakesFileLink") {}

const bearer = HttpApiSecurity.bearer.pipe(
  HttpApiSecurity.annotate(
    OpenApi.Description,
    "A JSON Web Token, or an API key (`sk-…`), in the header `Authorization: Bearer …`.",
  ),
  HttpApiSecurity.annotate(OpenApi.Format, "JWT or API key"),
)

export class Authorization extends HttpApiMiddleware.Service<Authorization, { provides: CurrentPrincipal }>()(
  "crossfade/api/Authorization",
  { security: { bearer } },
) {}

/** Turns refusals of the contract's schemas into `VALIDATION_FAILED`. */
export class RequestValidation extends HttpApiMiddleware.Service<RequestValidation>()(
  "crossfade/api/RequestValidation",
) {}
