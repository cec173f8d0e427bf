/** The caller as the gateway sees it, so that a page offers only what its user may do. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { OrgId, UserId } from "../domain/Ids.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"

export const Account = Schema.Struct({
  orgId: OrgId,
  userId: UserId,
  /** Wildcards included: `chat:*`, `chat:read`. */
  permissions: Schema.Array(Schema.String),
  /** The end of the token or API key, in epoch milliseconds. Null: it has no end. */
  expiresAt: Schema.NullOr(Schema.Int),
})
export type Account = typeof Account.Type

export class MeApi extends HttpApiGroup.make("me")
  .add(
    HttpApiEndpoint.get("me", "/me", { success: success(Account), error: errorSchemas })
      .annotate(RequiredPermissions, [])
      .annotate(OpenApi.Summary, "Read the account of the token")
      .annotate(
        OpenApi.Description,
        "Organisation, user and permissions of the caller, with the roles of its token applied, and the time at which its access ends.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "The caller.")
  .annotate(OpenApi.Title, "Account")
  .prefix("/api/v1") {}
