/**
 * The part that a session plays in a rollout by percentage. Pure. A session gets it once, at its first turn that the
 * percentage decides, and keeps it for life: a change of the percentage moves new sessions only.
 */
import * as Schema from "effect/Schema"

/** `treatment` goes to the runtime; `control` is what it is compared with; `outside` is neither. */
export const Cohort = Schema.Literals(["treatment", "control", "outside"])
export type Cohort = typeof Cohort.Type

/**
 * The cohort of a place in [0, 1) when `share` (0 to 1) of the sessions go to the runtime: `control` is as large as
 * `treatment`, from the other end, as long as there is room for both (up to a half); above that it is all the rest.
 */
export const cohortOf = (place: number, share: number): Cohort => {
  if (place < share) return "treatment"
  return place >= 1 - share ? "control" : "outside"
}
