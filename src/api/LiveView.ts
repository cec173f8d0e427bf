/**
 * The view that `GET /api/v1/runtime/live` sends each second. Times are epoch milliseconds; figures are those of the
 * answering process.
 */
import * as Schema from "effect/Schema"
import { OrgId, RunId } from "../domain/Ids.ts"
import { ExecutionMode } from "../domain/Mode.ts"
import { Notification } from "../domain/Notification.ts"
import { BreakerScope, ModeMetrics, targets, Transition } from "./HealthView.ts"
import { SeriesPoint } from "./SeriesView.ts"

const happened = { at: Schema.Int, runId: RunId, orgId: OrgId }

const LiveMode = Schema.Struct({
  ...ModeMetrics.fields,
  /** Attempts a second, over the window or since the start. */
  perSecond: Schema.Finite,
  /** The time to first content in the last five minutes. Null: no attempt showed content. */
  p50FirstContentMs: Schema.NullOr(Schema.Finite),
  p95FirstContentMs: Schema.NullOr(Schema.Finite),
  /** Attempts of users under way. */
  inFlight: Schema.Int,
})

const DecisionCount = Schema.Struct({ mode: ExecutionMode, reason: Schema.String, count: Schema.Int })

export const LiveView = Schema.Struct({
  at: Schema.Int,
  replica: Schema.String,
  windowMs: Schema.Int,
  modes: Schema.Struct({ runtime_orchestrator: LiveMode, direct_llm: LiveMode }),
  fallbackEnabled: Schema.Boolean,
  fallbackReason: Schema.String,
  directFailing: Schema.Boolean,
  directConfigured: Schema.Boolean,
  runtimeConfigured: Schema.Boolean,
  /** The limits that open the breakers. */
  thresholds: Schema.Struct({
    minSamples: Schema.Int,
    errorRate: Schema.Finite,
    timeoutRate: Schema.Finite,
    meanLatencyMs: Schema.Finite,
    firstProgressLimitMs: Schema.Int,
  }),
  /** Against the runtime, beside `breaker.evidence`: the counter of timeouts, and the organisations that added most faults. */
  evidence: Schema.Struct({
    timeouts: Schema.Finite,
    timeoutLimit: Schema.Finite,
    orgs: Schema.Array(Schema.Struct({ orgId: Schema.String, added: Schema.Finite })),
  }),
  /** `lost`: the fleet's Redis does not answer, so each replica decides alone. `none`: there is no Redis. */
  fleet: Schema.Literals(["none", "joined", "lost"]),
  breaker: Schema.Struct(BreakerScope),
  /** At most 100, only those that are not closed. */
  orgs: Schema.Array(Schema.Struct({ orgId: Schema.String, ...BreakerScope })),
  rollout: Schema.Struct({
    percentage: Schema.Finite,
    shadowPercentage: Schema.Finite,
    defaultMode: ExecutionMode,
    /** The number of organisations in each list, and of rules that are switched on. */
    enabledOrgs: Schema.Int,
    deniedOrgs: Schema.Int,
    rules: Schema.Int,
  }),
  runs: Schema.Struct({ inFlight: Schema.Int, oldestMs: Schema.Int }),
  /** The last 20, newest first, as in the next three. */
  decisions: Schema.Array(Schema.Struct({ ...happened, mode: ExecutionMode, reason: Schema.String })),
  fallbacks: Schema.Array(
    Schema.Struct({ ...happened, from: ExecutionMode, to: ExecutionMode, code: Schema.String }),
  ),
  /** The decisions of the last `windowMs`, the most frequent first. */
  decisionCounts: Schema.Struct({ windowMs: Schema.Int, counts: Schema.Array(DecisionCount) }),
  transitions: Schema.Array(Transition),
  /** The newest point of `GET /api/v1/runtime/series`; null before the first. */
  point: Schema.NullOr(SeriesPoint),
  notifications: Schema.Array(Notification),
  ...targets,
})
export type LiveView = typeof LiveView.Type

export const LiveEnd = Schema.Struct({ code: Schema.String, message: Schema.String })
