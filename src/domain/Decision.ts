/** Which modes a turn may use, in which order, and why: made once per turn, stored with its run. */
import * as Schema from "effect/Schema"
import { Cohort } from "./Cohort.ts"
import { ExecutionMode } from "./Mode.ts"

/** One rule that was looked at: `result` says in words what it found, `decided` whether the decision is its. */
export const RuleTrace = Schema.Struct({
  rule: Schema.String,
  result: Schema.String,
  decided: Schema.Boolean,
})

export const Decision = Schema.Struct({
  /** The first is where the turn starts, the rest is where it may go. Never empty. */
  order: Schema.NonEmptyArray(ExecutionMode),
  reason: Schema.String,
  /** This turn is the one leased probe of a half-open breaker. */
  probe: Schema.Boolean,
  /** The mode that also runs this turn in shadow, detached from the answer; the first of `order` again: A/A. */
  shadow: Schema.optionalKey(ExecutionMode),
  /** Only where the percentage was asked: the session's part in the rollout. */
  cohort: Schema.optionalKey(Cohort),
  rules: Schema.Array(RuleTrace),
})
export type Decision = typeof Decision.Type
