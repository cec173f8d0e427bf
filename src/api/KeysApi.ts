/** API keys of the caller's organisation. Only the response that creates a key contains its text. */
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { ApiKey } from "../domain/ApiKey.ts"
import { isBlank } from "../domain/History.ts"
import { AgentId, ApiKeyId } from "../domain/Ids.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { pagedBy } from "./Paging.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { RouteErrors } from "./RouteErrors.ts"

const name = Schema.String.check(
  Schema.isPattern(/^[^\p{Cs}\p{Cc}\p{Zl}\p{Zp}]{1,100}$/u, {
    message: "Expected 1 to 100 characters, well-formed and without control characters",
  }),
  Schema.makeFilter((text) => !isBlank(text) || "Expected at least 1 visible character"),
)

const permission = Schema.String.check(
  Schema.isMaxLength(100),
  Schema.isPattern(/^(\*|[a-z][a-z0-9_-]*(:[a-z][a-z0-9_-]*)*:([a-z][a-z0-9_-]*|\*))$/, {
    message: "Expected a permission such as chat:read, chat:* or *",
  }),
)

const mostEntries = 50
const listOf = <S extends Schema.Constraint>(item: S) =>
  Schema.Array(item).check(Schema.isBetweenLength(1, mostEntries))

const noLimit = <S extends Schema.Constraint>(limit: S, description: string) =>
  Schema.optionalKey(Schema.NullOr(limit)).annotate({ description })

/** An absent or null limit is not set. A key that creates another passes on its own limits. */
export const NewKey = Schema.Struct({
  name,
  permissions: Schema.optionalKey(listOf(permission)).annotate({
    description: "By default `chat:*` and `sessions:*`. The caller must have each of them",
  }),
  agents: noLimit(listOf(AgentId), "The only agents that the key may use"),
  expiresAt: noLimit(Schema.Int, "Epoch milliseconds"),
  ratePerMinute: noLimit(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })),
    "Turns a minute with this key, beside the limits of the user and the organisation",
  ),
})
export type NewKey = typeof NewKey.Type

export const CreatedKey = Schema.Struct({
  ...ApiKey.fields,
  /** Shown once. */
  key: Schema.String,
})

const page = pagedBy("keys", ApiKeyId, 100)

export const KeyQuery = Schema.Struct(page.query)
export const KeyPage = Schema.Struct({ keys: Schema.Array(ApiKey), ...page.answer })

export class KeysApi extends HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: KeyQuery,
      success: success(KeyPage),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["keys:read"])
      .annotate(OpenApi.Summary, "List API keys")
      .annotate(
        OpenApi.Description,
        "The caller's keys, newest first. With `admin:read`, all keys of the organisation.",
      ),
    HttpApiEndpoint.post("create", "/", {
      payload: NewKey,
      success: success(CreatedKey),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["keys:write"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "AGENT_NOT_FOUND", "KEY_LIMIT_REACHED"])
      // A misspelled limit, if ignored, would create a stronger key than intended.
      .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
      .annotate(OpenApi.Summary, "Create an API key")
      .annotate(
        OpenApi.Description,
        "The answer contains the text of the key in `key`. No other answer contains it.",
      ),
    HttpApiEndpoint.delete("revoke", "/:keyId", {
      params: { keyId: ApiKeyId },
      success: success(ApiKey),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["keys:write"])
      .annotate(RouteErrors, ["KEY_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Revoke an API key")
      .annotate(
        OpenApi.Description,
        "The key stops working within one second on every replica. With `admin:write`, any key of the organisation.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "API keys for programs. A key acts as the user who created it.")
  .annotate(OpenApi.Title, "API keys")
  .prefix("/api/v1/keys") {}
