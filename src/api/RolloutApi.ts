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
import { rolloutFields, RolloutPatch, RolloutSettings, RolloutSource } from "../domain/RolloutSettings.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { pagedBy } from "./Paging.ts"
import { errorSchemas } from "./ErrorSchemas.ts"

/** `sources` names the source of each setting: an operator, the environment or the default. */
const Document = Schema.Struct({
  ...RolloutSettings.fields,
  /** The number of changes. */
  version: Schema.Int,
  sources: Schema.Record(Schema.Literals(rolloutFields), RolloutSource),
})

const document = HttpApiSchema.WithHeaders(success(Document), { etag: Schema.String })

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
      .annotate(OpenApi.Summary, "The settings that hold, and where each comes from"),
    HttpApiEndpoint.put("change", "/rollout", {
      headers: { "if-match": Schema.optionalKey(Schema.String) },
      payload: Change,
      success: document,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:write"])
      // A misspelled setting, if ignored, would be a rollback that did not happen.
      .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
      .annotate(OpenApi.Summary, "Change settings; they hold from the next turn on"),
    HttpApiEndpoint.get("audit", "/audit", {
      query: auditPage.query,
      success: success(Schema.Struct({ entries: Schema.Array(AuditEntry), ...auditPage.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "Who changed what, newest first"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/runtime") {}
