/**
 * One entry of the breakers' log, as it is stored and shown. It holds the new breaker, so the last entry of each scope is
 * enough for a restart. Times are epoch milliseconds.
 */
import * as Schema from "effect/Schema"
import { BreakerState } from "../../domain/BreakerState.ts"
import { OrgId } from "../../domain/Ids.ts"
import { Breaker } from "./Breaker.ts"
import { OperatorOverride } from "./OperatorOverride.ts"

export const ScopedTransition = Schema.Struct({
  /** Null: the global breaker. */
  orgId: Schema.NullOr(OrgId),
  from: BreakerState,
  to: BreakerState,
  at: Schema.Finite,
  reason: Schema.String,
  /** The operator whose command caused it. */
  by: Schema.optionalKey(Schema.String),
  /** The evidence against the runtime at that moment, and the five organisations that added most to it. */
  evidence: Schema.Struct({
    faults: Schema.Finite,
    timeouts: Schema.Finite,
    orgs: Schema.Array(Schema.Struct({ orgId: OrgId, added: Schema.Finite })),
  }),
  breaker: Breaker,
  forced: Schema.NullOr(OperatorOverride),
})
export type ScopedTransition = typeof ScopedTransition.Type
