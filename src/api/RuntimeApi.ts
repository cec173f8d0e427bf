/**
 * The health of both modes and the state of the breakers, for operators of the service. Administrators of an
 * organisation see only its own metrics. The contract defines the field names of the metrics.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { OrgId, TransitionId } from "../domain/Ids.ts"
import { Authorization, OrPermission, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success, successPage } from "./Envelope.ts"
import { FallbackStatus, RuntimeMetrics, Transition } from "./HealthView.ts"
import { LiveEnd, LiveView } from "./LiveView.ts"
import { pagedBy } from "./Paging.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { RouteErrors } from "./RouteErrors.ts"
import { eventSchema } from "../protocol/Sse.ts"
import { Series } from "./SeriesView.ts"

const reason = Schema.String.check(Schema.isBetweenLength(1, 500))

const historyPage = pagedBy("transitions", TransitionId, 1000)
const statusPage = pagedBy("scopes", OrgId, 1000)
export const StatusPage = Schema.Struct({ ...FallbackStatus.fields, ...statusPage.answer })
export type StatusPage = typeof StatusPage.Type
const shownStatus = success(StatusPage)

const orgsPage = pagedBy("orgs", OrgId, 1000)
export const OrgsQuery = Schema.Struct(orgsPage.query)
export const OrgsPage = Schema.Struct({ orgs: Schema.Array(OrgId), ...orgsPage.answer })

/** `mode` `none` ends the current override. `expiresAt` is epoch milliseconds. */
export const Order = Schema.Struct({
  mode: Schema.Literals(["direct_llm", "runtime_orchestrator", "none"]),
  orgId: Schema.optionalKey(OrgId),
  reason,
  expiresAt: Schema.optionalKey(Schema.Int),
})

const live = HttpApiSchema.StreamSse({
  events: Schema.Union([eventSchema("snapshot", LiveView), eventSchema("error", LiveEnd)]),
})

export class RuntimeApi extends HttpApiGroup.make("runtime")
  .add(
    HttpApiEndpoint.get("metrics", "/metrics", { success: success(RuntimeMetrics), error: errorSchemas })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "Read the metrics of both modes")
      .annotate(
        OpenApi.Description,
        "Counts, latencies and error rates over the window, and the state of the fallback.",
      ),
    HttpApiEndpoint.get("metricsOfOrg", "/metrics/:orgId", {
      params: { orgId: OrgId },
      success: success(RuntimeMetrics),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(RouteErrors, ["ORG_NOT_FOUND"])
      .annotate(OrPermission, "operator:read")
      .annotate(OpenApi.Summary, "Read the metrics of one organisation")
      .annotate(
        OpenApi.Description,
        "With `admin:read` only the own organisation, with `operator:read` any.",
      ),
    HttpApiEndpoint.get("status", "/fallback/status", {
      query: statusPage.query,
      success: shownStatus,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "Read the state of the breaker")
      .annotate(
        OpenApi.Description,
        "State, reason, evidence and next probe, for all turns and for each organisation with a breaker that is not closed.",
      ),
    HttpApiEndpoint.post("reset", "/fallback/reset", {
      // Without a body everything is reset, because a person on call types the request by hand.
      payload: [
        Schema.Struct({ orgId: Schema.optionalKey(OrgId), reason: Schema.optionalKey(reason) }),
        Schema.Null,
      ],
      success: shownStatus,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:write"])
      .annotate(OpenApi.Summary, "Close the breaker")
      .annotate(
        OpenApi.Description,
        "Closes the breaker now, for all turns or for one organisation. Without a body it resets everything.",
      ),
    HttpApiEndpoint.post("force", "/fallback/force", {
      payload: Order,
      success: shownStatus,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:write"])
      .annotate(OpenApi.Summary, "Force a mode")
      .annotate(
        OpenApi.Description,
        "All turns, or those of one organisation, use this mode from the next turn on. `none` ends the override.",
      ),
    HttpApiEndpoint.get("history", "/fallback/history", {
      query: historyPage.query,
      success: successPage(Schema.Array(Transition), historyPage.answer),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "List the changes of the breakers")
      .annotate(OpenApi.Description, "Newest first."),
    HttpApiEndpoint.get("orgs", "/orgs", {
      query: orgsPage.query,
      success: success(OrgsPage),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "List the organisations")
      .annotate(
        OpenApi.Description,
        "The ids of the organisations that have had a session, in order. Compare a typed id with them: a misspelt one is no error elsewhere.",
      ),
  )
  .add(
    HttpApiEndpoint.get("live", "/live", { success: live, error: errorSchemas })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(RouteErrors, ["SSE_CONNECTION_LIMIT"])
      .annotate(OpenApi.Summary, "Watch the service")
      .annotate(
        OpenApi.Description,
        "Sends a `snapshot` at once and then each second, as server-sent events.",
      ),
    HttpApiEndpoint.get("series", "/series", { success: success(Series), error: errorSchemas })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "Read the last 15 minutes of both modes")
      .annotate(
        OpenApi.Description,
        "One point each 5 seconds, as the answering process sees it. Each point covers 30 seconds. `point` of a live snapshot is the newest one.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(
    OpenApi.Description,
    "For operators: the health of the runtime and the direct model, and the breaker that moves turns between them.",
  )
  .annotate(OpenApi.Title, "Runtime and breaker")
  .prefix("/api/v1/runtime") {}
