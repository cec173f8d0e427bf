/** What people on call ask: how both modes do, and what the breaker thinks. Field names of the metrics are the contract's. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { OrgId } from "../domain/Ids.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./PublicError.ts"

const count = Schema.Int
/** Milliseconds; 0 when the window is empty. */
const millis = Schema.Finite

export const ModeMetrics = Schema.Struct({
  total: count,
  success: count,
  error: count,
  timeout: count,
  cancelled: count,
  avgLatencyMs: millis,
  p50LatencyMs: millis,
  p95LatencyMs: millis,
  p99LatencyMs: millis,
  errorRate: Schema.Finite,
  timeoutRate: Schema.Finite,
})

export const RuntimeMetrics = Schema.Struct({
  direct: ModeMetrics,
  runtime: ModeMetrics,
  fallbackEnabled: Schema.Boolean,
  fallbackReason: Schema.String,
  windowMs: Schema.Int,
})

/** Times are epoch milliseconds. */
const Scope = {
  state: Schema.Literals(["closed", "open", "half_open"]),
  reason: Schema.String,
  since: Schema.Int,
  nextProbeAt: Schema.NullOr(Schema.Int),
}

const Transition = Schema.Struct({
  /** Null: the breaker of all. */
  orgId: Schema.NullOr(Schema.String),
  from: Scope.state,
  to: Scope.state,
  at: Schema.Int,
  reason: Schema.String,
})

export const FallbackStatus = Schema.Struct({
  ...Scope,
  orgs: Schema.Array(Schema.Struct({ orgId: Schema.String, ...Scope })),
  transitions: Schema.Array(Transition),
})

export class RuntimeApi extends HttpApiGroup.make("runtime")
  .add(
    HttpApiEndpoint.get("metrics", "/metrics", { success: success(RuntimeMetrics), error: errorSchemas })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OpenApi.Summary, "Both modes' figures over the window, and the fallback's state"),
    HttpApiEndpoint.get("metricsOfOrg", "/metrics/:orgId", {
      params: { orgId: OrgId },
      success: success(RuntimeMetrics),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OpenApi.Summary, "The same for one organisation"),
    HttpApiEndpoint.get("status", "/fallback/status", {
      success: success(FallbackStatus),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OpenApi.Summary, "The breaker: state, reason, since, next probe, per organisation"),
    HttpApiEndpoint.post("reset", "/fallback/reset", {
      // No body at all is a reset of all: whoever is on call types it by hand.
      payload: [Schema.Struct({ orgId: Schema.optionalKey(OrgId) }), Schema.Null],
      success: success(FallbackStatus),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:write"])
      .annotate(OpenApi.Summary, "Close the breaker now, globally or of one organisation"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/runtime") {}
