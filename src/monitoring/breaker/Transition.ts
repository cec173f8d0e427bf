/**
 * One entry of the breakers' log, as it is kept and shown. It holds what its breaker became, so the last entry of each
 * scope is all that a restart needs. Times are epoch milliseconds.
 */
import * as Schema from "effect/Schema"
import { BreakerState } from "../../domain/BreakerState.ts"
import { OrgId } from "../../domain/Ids.ts"
import { Breaker } from "./Breaker.ts"
import { OperatorOverride } from "./OperatorOverride.ts"

export const ScopedTransition = Schema.Struct({
  /** Whose breaker moved; null for the breaker of all. */
  orgId: Schema.NullOr(OrgId),
  from: BreakerState,
  to: BreakerState,
  at: Schema.Finite,
  reason: Schema.String,
  /** What spoke against the runtime at that moment, and the five organisations that added most to it. */
  evidence: Schema.Struct({
    faults: Schema.Finite,
    timeouts: Schema.Finite,
    orgs: Schema.Array(Schema.Struct({ orgId: OrgId, added: Schema.Finite })),
  }),
  breaker: Breaker,
  forced: Schema.NullOr(OperatorOverride),
})
export type ScopedTransition = typeof ScopedTransition.Type
