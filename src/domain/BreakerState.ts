/** The state of a breaker, as people on call see it: an operator override hides the breaker's own state. */
import * as Schema from "effect/Schema"

export const BreakerState = Schema.Literals([
  "closed",
  "open",
  "half_open",
  "ramp",
  "forced_direct",
  "forced_runtime",
])
export type BreakerState = typeof BreakerState.Type
