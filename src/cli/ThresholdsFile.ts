/** The contract's numbers that a simulation may change; a missing field keeps the service's value. */
import * as Schema from "effect/Schema"

const share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

export const ThresholdsFile = Schema.Struct({
  windowMs: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1000, maximum: 86_400_000 }))),
  minSamples: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  errorRate: Schema.optionalKey(share),
  timeoutRate: Schema.optionalKey(share),
  latencyRatio: Schema.optionalKey(share),
})
