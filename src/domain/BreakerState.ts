/** How a breaker stands, as people on call see it: an order hides what it thinks. */
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
