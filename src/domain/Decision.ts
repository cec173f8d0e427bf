/** The modes that a turn may use, in order, and the reason. Made once for each turn and stored with its run. */
import * as Schema from "effect/Schema"
import { Cohort } from "./Cohort.ts"
import { ExecutionMode } from "./Mode.ts"

/** One evaluated rule. `result` describes the finding; `decided` is true if this rule made the decision. */
const RuleTrace = Schema.Struct({
  rule: Schema.String,
  result: Schema.String,
  decided: Schema.Boolean,
})

export const Decision = Schema.Struct({
  /** The first is the turn's start, the rest its fallbacks. Never empty. */
  order: Schema.NonEmptyArray(ExecutionMode),
  reason: Schema.String,
  /** True if this turn is the probe of a half-open breaker. */
  probe: Schema.Boolean,
  /** The mode that also runs this turn in shadow. The first of `order` again means A/A. */
  shadow: Schema.optionalKey(ExecutionMode),
  /** The session's cohort; only set if the percentage was evaluated. */
  cohort: Schema.optionalKey(Cohort),
  rules: Schema.Array(RuleTrace),
})
export type Decision = typeof Decision.Type
