/**
 * The settings that decide which turns use the runtime, and their audit. They affect the whole service, so they
 * require `operator:read` and `operator:write`, never a tenant's `admin:*`.
 */
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { AuditEntry, AuditId } from "../domain/AuditEntry.ts"
import { rolloutFields } from "../domain/RolloutLimits.ts"
import { RolloutPatch, RolloutSettings, RolloutSource } from "../domain/RolloutSettings.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { pagedBy } from "./Paging.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { RouteErrors } from "./RouteErrors.ts"

/**
 * `sources` names the source of each setting: an operator, the environment or the default. `environment` has the values
 * without operators.
 */
export const RolloutDocument = Schema.Struct({
  ...RolloutSettings.fields,
  /** The number of changes. */
  version: Schema.Int,
  sources: Schema.Record(Schema.Literals(rolloutFields), RolloutSource),
  environment: RolloutSettings,
})
export type RolloutDocument = typeof RolloutDocument.Type

const document = HttpApiSchema.WithHeaders(success(RolloutDocument), { etag: Schema.String })

/** Absent settings stay unchanged; null returns one to the environment. */
const Change = Schema.Struct({
  ...RolloutPatch.fields,
  /** Stored in the audit. */
  reason: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 500))),
})

const auditPage = pagedBy("audit", AuditId, 200)

export class RolloutApi extends HttpApiGroup.make("rollout")
  .add(
    HttpApiEndpoint.get("get", "/rollout", { success: document, error: errorSchemas })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "Read the rollout settings")
      .annotate(
        OpenApi.Description,
        "`sources` names the source of each setting: an operator, the environment or the default. `environment` has the values that apply without operators.",
      ),
    HttpApiEndpoint.put("change", "/rollout", {
      headers: { "if-match": Schema.optionalKey(Schema.String) },
      payload: Change,
      success: document,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:write"])
      .annotate(RouteErrors, ["PRECONDITION_FAILED"])
      // A misspelled setting, if ignored, would be a rollback that did not happen.
      .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
      .annotate(OpenApi.Summary, "Change the rollout settings")
      .annotate(
        OpenApi.Description,
        "The change applies from the next turn on. Absent settings stay unchanged; null returns a setting to the environment. Send the `ETag` of the last answer in `If-Match` to exclude lost updates.",
      ),
    HttpApiEndpoint.get("audit", "/audit", {
      query: auditPage.query,
      success: success(Schema.Struct({ entries: Schema.Array(AuditEntry), ...auditPage.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "Read the audit")
      .annotate(
        OpenApi.Description,
        "Changes to the routing of turns, changes to API keys, erasures, exports of users' sessions, and reads of users' runs. Newest first.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(
    OpenApi.Description,
    "For operators: the settings that decide which turns use the runtime, and the audit of their changes.",
  )
  .annotate(OpenApi.Title, "Rollout settings")
  .prefix("/api/v1/runtime") {}
