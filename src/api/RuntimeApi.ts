/** What people on call ask: how both modes do, and what the breaker thinks. Field names of the metrics are the contract's. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { OrgId } from "../domain/Ids.ts"
import { ExecutionMode } from "../domain/Mode.ts"
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
const Forced = Schema.Struct({
  mode: ExecutionMode,
  by: Schema.String,
  reason: Schema.String,
  since: Schema.Int,
  expiresAt: Schema.NullOr(Schema.Int),
})

const State = Schema.Literals(["closed", "open", "half_open", "ramp", "forced_direct", "forced_runtime"])

const Scope = {
  state: State,
  reason: Schema.String,
  since: Schema.Int,
  nextProbeAt: Schema.NullOr(Schema.Int),
  /** The share of sessions that may use the runtime. */
  share: Schema.Finite,
  forced: Schema.NullOr(Forced),
  /** Faults less good attempts; the breaker opens at `limit`. */
  evidence: Schema.Struct({ faults: Schema.Finite, limit: Schema.Finite }),
}

export const Transition = Schema.Struct({
  /** Null: the breaker of all. */
  orgId: Schema.NullOr(Schema.String),
  from: State,
  to: State,
  at: Schema.Int,
  reason: Schema.String,
  evidence: Schema.Struct({
    faults: Schema.Finite,
    timeouts: Schema.Finite,
    orgs: Schema.Array(Schema.Struct({ orgId: Schema.String, added: Schema.Finite })),
  }),
  forced: Schema.NullOr(Forced),
})

export const FallbackStatus = Schema.Struct({
  ...Scope,
  orgs: Schema.Array(Schema.Struct({ orgId: Schema.String, ...Scope })),
  directFailing: Schema.Boolean,
  firstProgressLimitMs: Schema.Int,
  transitions: Schema.Array(Transition),
})

const reason = Schema.String.check(Schema.isBetweenLength(1, 500))

const Limit = Schema.FiniteFromString.pipe(
  Schema.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 1000 })),
)

/** Of an order; `none` ends the one that holds. `expiresAt` is epoch milliseconds. */
const Order = Schema.Struct({
  mode: Schema.Literals(["direct_llm", "runtime_orchestrator", "none"]),
  orgId: Schema.optionalKey(OrgId),
  reason,
  expiresAt: Schema.optionalKey(Schema.Int),
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
      payload: [
        Schema.Struct({ orgId: Schema.optionalKey(OrgId), reason: Schema.optionalKey(reason) }),
        Schema.Null,
      ],
      success: success(FallbackStatus),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:write"])
      .annotate(OpenApi.Summary, "Close the breaker now, globally or of one organisation"),
    HttpApiEndpoint.post("force", "/fallback/force", {
      payload: Order,
      success: success(FallbackStatus),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:write"])
      .annotate(OpenApi.Summary, "Order a mode for all or for one organisation; holds from the next turn on"),
    HttpApiEndpoint.get("history", "/fallback/history", {
      query: { limit: Schema.optionalKey(Limit) },
      success: success(Schema.Array(Transition)),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OpenApi.Summary, "What the breakers did, newest first"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/runtime") {}
