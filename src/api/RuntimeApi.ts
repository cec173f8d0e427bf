/**
 * How both modes do, and what the breaker thinks, for the operators of the service. An organisation's administrators see its
 * own metrics and nothing else. Field names of the metrics are the contract's.
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
import { eventSchema } from "../protocol/Sse.ts"

const reason = Schema.String.check(Schema.isBetweenLength(1, 500))

const historyPage = pagedBy("transitions", TransitionId, 1000)
const statusPage = pagedBy("scopes", OrgId, 1000)
const shownStatus = success(Schema.Struct({ ...FallbackStatus.fields, ...statusPage.answer }))

/** `mode` `none` ends the order that holds. `expiresAt` is epoch milliseconds. */
const Order = Schema.Struct({
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
      .annotate(OpenApi.Summary, "Both modes' figures over the window, and the fallback's state"),
    HttpApiEndpoint.get("metricsOfOrg", "/metrics/:orgId", {
      params: { orgId: OrgId },
      success: success(RuntimeMetrics),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OrPermission, "operator:read")
      .annotate(
        OpenApi.Summary,
        "The same for one organisation: the caller's own with admin:read, any with operator:read",
      ),
    HttpApiEndpoint.get("status", "/fallback/status", {
      query: statusPage.query,
      success: shownStatus,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(
        OpenApi.Summary,
        "The breaker: state, reason, since, next probe, and a page of the organisations whose own is not closed",
      ),
    HttpApiEndpoint.post("reset", "/fallback/reset", {
      // Without a body all is reset: a person on call types the request by hand.
      payload: [
        Schema.Struct({ orgId: Schema.optionalKey(OrgId), reason: Schema.optionalKey(reason) }),
        Schema.Null,
      ],
      success: shownStatus,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:write"])
      .annotate(OpenApi.Summary, "Close the breaker now, globally or of one organisation"),
    HttpApiEndpoint.post("force", "/fallback/force", {
      payload: Order,
      success: shownStatus,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:write"])
      .annotate(OpenApi.Summary, "Order a mode for all or for one organisation; holds from the next turn on"),
    HttpApiEndpoint.get("history", "/fallback/history", {
      query: historyPage.query,
      success: successPage(Schema.Array(Transition), historyPage.answer),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "What the breakers did, newest first"),
  )
  .add(
    HttpApiEndpoint.get("live", "/live", { success: live, error: errorSchemas })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "How this process does: at once, then each second (SSE)"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/runtime") {}
