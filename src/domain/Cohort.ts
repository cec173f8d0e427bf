/**
 * The cohort of a session in a rollout by percentage. Pure. A session gets it at its first turn that the percentage
 * decides, and keeps it for life, so a change of the percentage moves new sessions only.
 */
import * as Schema from "effect/Schema"

/** `treatment` uses the runtime; `control` is the comparison; `outside` is neither. */
export const Cohort = Schema.Literals(["treatment", "control", "outside"])
export type Cohort = typeof Cohort.Type

/**
 * The cohort of a place in [0, 1) if `share` (0 to 1) of the sessions use the runtime. `control` starts at the other
 * end and is as large as `treatment` up to a half; above that it is the rest.
 */
export const cohortOf = (place: number, share: number): Cohort => {
  if (place < share) return "treatment"
  return place >= 1 - share ? "control" : "outside"
}
