/**
 * The settings that decide which turns go to the runtime, read and changed while the service runs, and their audit. All of it
 * concerns the whole service, so it takes an operator: `operator:read` and `operator:write`, never a tenant's `admin:*`.
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

/** `sources` tells for each setting where it comes from: an operator, the environment or the default. */
const Document = Schema.Struct({
  ...RolloutSettings.fields,
  /** How often it has been changed. */
  version: Schema.Int,
  sources: Schema.Record(Schema.Literals(rolloutFields), RolloutSource),
})

const document = HttpApiSchema.WithHeaders(success(Document), { etag: Schema.String })

/** Settings that are left out stay; null gives one back to the environment. */
const Change = Schema.Struct({
  ...RolloutPatch.fields,
  /** Goes to the audit. */
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
      // A misspelt setting that is passed over would be a rollback that did not happen.
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
