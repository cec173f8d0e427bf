/** The views of the modes and the breakers. The contract defines the field names of the metrics. */
import * as Schema from "effect/Schema"
import { BreakerState } from "../domain/BreakerState.ts"
import { ExecutionMode } from "../domain/Mode.ts"

const count = Schema.Int
/** Milliseconds; 0 for an empty window. */
const millis = Schema.Finite

export const ModeMetrics = Schema.Struct({
  total: count,
  success: count,
  error: count,
  timeout: count,
  /** Attempts without evidence about the mode: cancels, rejected requests, rate limits, content filters. */
  neutral: count,
  /** The part of `neutral` that users cancelled. */
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

export const BreakerScope = {
  state: BreakerState,
  reason: Schema.String,
  since: Schema.Int,
  nextProbeAt: Schema.NullOr(Schema.Int),
  /** The share of sessions that may use the runtime. */
  share: Schema.Finite,
  forced: Schema.NullOr(Forced),
  /** Faults minus good attempts; the breaker opens at `limit`. */
  evidence: Schema.Struct({ faults: Schema.Finite, limit: Schema.Finite }),
}

export const Transition = Schema.Struct({
  /** Null for the global breaker. */
  orgId: Schema.NullOr(Schema.String),
  from: BreakerState,
  to: BreakerState,
  at: Schema.Int,
  reason: Schema.String,
  evidence: Schema.Struct({
    faults: Schema.Finite,
    timeouts: Schema.Finite,
    orgs: Schema.Array(Schema.Struct({ orgId: Schema.String, added: Schema.Finite })),
  }),
  forced: Schema.NullOr(Forced),
})

/** The breaker of a direct provider. */
const Provider = Schema.Struct({
  name: Schema.String,
  state: Schema.Literals(["closed", "open", "half_open"]),
  since: Schema.Int,
  /** The reason for skipping it; "" while it is in use. A pause that the provider requested leaves the state closed. */
  reason: Schema.String,
  /** The earliest time of the next try. Null while it is in use. */
  nextProbeAt: Schema.NullOr(Schema.Int),
  /** Faults minus good attempts; the breaker opens at `limit`. */
  evidence: Schema.Struct({ faults: Schema.Finite, limit: Schema.Finite }),
})

/** An agent whose requests a target rejected at least twice in a row. */
const Refusal = Schema.Struct({
  orgId: Schema.String,
  agentId: Schema.String,
  target: Schema.String,
  /** The status and the target's own codes. */
  failure: Schema.String,
  count: Schema.Int,
  since: Schema.Int,
  lastAt: Schema.Int,
})

/** The view of the answering process. */
export const targets = {
  providers: Schema.Array(Provider),
  /** Newest first. A success clears an entry. */
  refusals: Schema.Array(Refusal),
}

export const FallbackStatus = Schema.Struct({
  ...BreakerScope,
  orgs: Schema.Array(Schema.Struct({ orgId: Schema.String, ...BreakerScope })),
  directFailing: Schema.Boolean,
  /** Without a direct provider, turns use the runtime in each state. */
  directConfigured: Schema.Boolean,
  firstProgressLimitMs: Schema.Int,
  transitions: Schema.Array(Transition),
  ...targets,
})
