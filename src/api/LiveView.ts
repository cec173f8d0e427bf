/**
 * The view that `GET /api/v1/runtime/live` sends each second. Times are epoch milliseconds; figures are those of the
 * answering process.
 */
import * as Schema from "effect/Schema"
import { OrgId, RunId } from "../domain/Ids.ts"
import { ExecutionMode } from "../domain/Mode.ts"
import { Notification } from "../domain/Notification.ts"
import { BreakerScope, ModeMetrics, targets, Transition } from "./HealthView.ts"

const happened = { at: Schema.Int, runId: RunId, orgId: OrgId }

const LiveMode = Schema.Struct({
  ...ModeMetrics.fields,
  /** Attempts a second, over the window or since the start. */
  perSecond: Schema.Finite,
})

export const LiveView = Schema.Struct({
  at: Schema.Int,
  replica: Schema.String,
  windowMs: Schema.Int,
  modes: Schema.Struct({ runtime_orchestrator: LiveMode, direct_llm: LiveMode }),
  fallbackEnabled: Schema.Boolean,
  fallbackReason: Schema.String,
  directFailing: Schema.Boolean,
  directConfigured: Schema.Boolean,
  breaker: Schema.Struct(BreakerScope),
  /** At most 100, only those that are not closed. */
  orgs: Schema.Array(Schema.Struct({ orgId: Schema.String, ...BreakerScope })),
  rollout: Schema.Struct({
    percentage: Schema.Finite,
    shadowPercentage: Schema.Finite,
    defaultMode: ExecutionMode,
  }),
  runs: Schema.Struct({ inFlight: Schema.Int, oldestMs: Schema.Int }),
  /** The last 20, newest first, as in the next three. */
  decisions: Schema.Array(Schema.Struct({ ...happened, mode: ExecutionMode, reason: Schema.String })),
  fallbacks: Schema.Array(
    Schema.Struct({ ...happened, from: ExecutionMode, to: ExecutionMode, code: Schema.String }),
  ),
  transitions: Schema.Array(Transition),
  notifications: Schema.Array(Notification),
  ...targets,
})
export type LiveView = typeof LiveView.Type

export const LiveEnd = Schema.Struct({ code: Schema.String, message: Schema.String })
