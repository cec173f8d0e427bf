/** The security scheme of the API and the permissions of an endpoint. The implementation is `src/http/Authentication.ts`. */
import * as Context from "effect/Context"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import type { Principal } from "../domain/Principal.ts"

export class CurrentPrincipal extends Context.Service<CurrentPrincipal, Principal>()(
  "crossfade/api/CurrentPrincipal",
) {}

/**
 * When the service stops accepting the caller's token or API key, in epoch milliseconds; infinite for one without an end. A
 * stream that it opened ends then too. The answer changes when a key is revoked, so open streams ask again.
 */
export const AccessEnds = Context.Reference<() => number>("crossfade/api/AccessEnds", {
  defaultValue: () => () => Number.POSITIVE_INFINITY,
})

/** Permissions that an endpoint requires, all of them. An annotation of the endpoint. */
export class RequiredPermissions extends Context.Service<RequiredPermissions, ReadonlyArray<string>>()(
  "crossfade/api/RequiredPermissions",
) {}

/** A permission that the endpoint takes instead of those that it requires. An annotation. */
export class OrPermission extends Context.Service<OrPermission, string>()("crossfade/api/OrPermission") {}

/** The endpoint also takes a read ticket of the run in its path (`?ticket=`) instead of a token. An annotation. */
export class TakesTicket extends Context.Service<TakesTicket, true>()("crossfade/api/TakesTicket") {}

const bearer = HttpApiSecurity.annotate(
  HttpApiSecurity.bearer,
  OpenApi.Description,
  "A JSON Web Token, or an API key (`sk-…`)",
)

export class Authorization extends HttpApiMiddleware.Service<Authorization, { provides: CurrentPrincipal }>()(
  "crossfade/api/Authorization",
  { security: { bearer } },
) {}

/** Shapes what the contract's schemas refuse as `VALIDATION_FAILED`. */
export class RequestValidation extends HttpApiMiddleware.Service<RequestValidation>()(
  "crossfade/api/RequestValidation",
) {}
