/** A step of a plan. */
import * as Schema from "effect/Schema"

export const StepStatus = Schema.Literals(["pending", "running", "completed", "failed", "skipped"])
export type StepStatus = typeof StepStatus.Type

/** `substeps` have no own depth limit; the size of an event limits them. */
export interface PlanStep {
  readonly id: string
  readonly title: string
  readonly status: StepStatus
  readonly description?: string
  readonly durationMs?: number
  readonly substeps?: ReadonlyArray<PlanStep>
}
export const PlanStep: Schema.Codec<PlanStep> = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  status: StepStatus,
  description: Schema.optionalKey(Schema.String),
  durationMs: Schema.optionalKey(Schema.Finite),
  substeps: Schema.optionalKey(Schema.Array(Schema.suspend((): Schema.Codec<PlanStep> => PlanStep))),
}).annotate({ identifier: "PlanStep" })
