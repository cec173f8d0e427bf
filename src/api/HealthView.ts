/** How the modes and the breakers are shown. Field names of the metrics are the contract's. */
import * as Schema from "effect/Schema"
import { BreakerState } from "../domain/BreakerState.ts"
import { ExecutionMode } from "../domain/Mode.ts"

const count = Schema.Int
/** Milliseconds; 0 when the window is empty. */
const millis = Schema.Finite

export const ModeMetrics = Schema.Struct({
  total: count,
  success: count,
  error: count,
  timeout: count,
  /** Attempts that say nothing about the mode: cancels, refusals of the request, rate limits, content filters. */
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
  /** Faults less good attempts; the breaker opens at `limit`. */
  evidence: Schema.Struct({ faults: Schema.Finite, limit: Schema.Finite }),
}

export const Transition = Schema.Struct({
  /** Null: the breaker of all. */
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
  /** Why it is skipped; "" while it is in use. A pause that the provider asked for leaves the state closed. */
  reason: Schema.String,
  /** From when on a turn may try it again. Null while it is in use. */
  nextProbeAt: Schema.NullOr(Schema.Int),
  /** Faults less good attempts; the breaker opens at `limit`. */
  evidence: Schema.Struct({ faults: Schema.Finite, limit: Schema.Finite }),
})

/** An agent whose requests a target refused at least twice in a row. */
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

/** As the answering process sees them. */
export const targets = {
  providers: Schema.Array(Provider),
  /** The newest first. An answer clears an entry. */
  refusals: Schema.Array(Refusal),
}

export const FallbackStatus = Schema.Struct({
  ...BreakerScope,
  orgs: Schema.Array(Schema.Struct({ orgId: Schema.String, ...BreakerScope })),
  directFailing: Schema.Boolean,
  /** Without a direct provider turns go to the runtime whatever the state is. */
  directConfigured: Schema.Boolean,
  firstProgressLimitMs: Schema.Int,
  transitions: Schema.Array(Transition),
  ...targets,
})
