/** The settings of the console, and its sign-in by an identity provider. Public: the page has no token yet. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { AgentId } from "../domain/Ids.ts"
import { RequestValidation } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { RouteErrors } from "./RouteErrors.ts"

/** The present limits of an attempt, in milliseconds. */
export const Clocks = Schema.Struct({
  /** Until the first event, if another target can answer. */
  firstContentMs: Schema.Int,
  /** Between two events of a runtime. */
  stallMs: Schema.Int,
  /** Between two events of a direct provider. */
  directStallMs: Schema.Int,
  /** Between two events while a call is open. */
  callMs: Schema.Int,
  totalMs: Schema.Int,
})
export type Clocks = typeof Clocks.Type

const SignIn = Schema.Struct({
  issuer: Schema.String,
  /** The page adds `redirect_uri`, `state`, `nonce` and the PKCE challenge. Null: the provider does not answer now. */
  authorizationUrl: Schema.NullOr(Schema.String),
  /** The page adds `post_logout_redirect_uri`. Null: the provider has no such page. */
  signOutUrl: Schema.NullOr(Schema.String),
})

export const ConsoleSettings = Schema.Struct({
  version: Schema.String,
  defaultAgentId: AgentId,
  /** With `{traceId}` in the place of the id. Null: not configured. */
  traceUrl: Schema.NullOr(Schema.String),
  /** Null without an identity provider. */
  signIn: Schema.NullOr(SignIn),
  clocks: Clocks,
})
export type ConsoleSettings = typeof ConsoleSettings.Type

const text = (most: number) =>
  Schema.String.check(Schema.isBetweenLength(1, most, { message: `Expected 1 to ${most} characters` }))

const Code = Schema.Struct({
  code: text(4000),
  /** RFC 7636, section 4.1. */
  verifier: Schema.String.check(
    Schema.isPattern(/^[\w.~-]{43,128}$/, {
      message: "Expected 43 to 128 characters of A-Z a-z 0-9 - . _ ~",
    }),
  ),
  /** The one of the authorization request. */
  redirectUri: text(2000),
  nonce: text(200),
})
export type Code = typeof Code.Type

/** `token` is for `Authorization: Bearer …`. */
const SignedIn = Schema.Struct({ token: Schema.String })

export class ConsoleApi extends HttpApiGroup.make("console")
  .add(
    HttpApiEndpoint.get("settings", "/console", { success: success(ConsoleSettings), error: errorSchemas })
      .annotate(OpenApi.Summary, "Read the settings of the console")
      .annotate(OpenApi.Description, "The settings that the page needs before its user has a token."),
    HttpApiEndpoint.post("signIn", "/console/sign-in", {
      payload: Code,
      success: success(SignedIn),
      error: errorSchemas,
    })
      .annotate(RouteErrors, ["ROUTE_NOT_FOUND", "SIGN_IN_REFUSED", "SIGN_IN_UNAVAILABLE", "OVERLOADED"])
      .annotate(OpenApi.Summary, "Sign in with a code of the identity provider")
      .annotate(
        OpenApi.Description,
        "Exchanges the authorization code for a token of the provider. The service stores neither.",
      ),
  )
  .middleware(RequestValidation)
  .annotate(OpenApi.Description, "For the console, the page at `/`. Public.")
  .annotate(OpenApi.Title, "Console")
  .prefix("/api/v1") {}
