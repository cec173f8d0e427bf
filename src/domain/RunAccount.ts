/** The account of a run: its times, and each plan step and call with its duration. */
import * as Schema from "effect/Schema"
import { Attempt } from "./Run.ts"

const Millis = Schema.NullOr(Schema.Int)

/** An attempt with the times from its start. Null: that event did not happen. */
export const TimedAttempt = Schema.Struct({
  ...Attempt.fields,
  firstProgressMs: Millis,
  firstContentMs: Millis,
  durationMs: Schema.Int,
})
export type TimedAttempt = typeof TimedAttempt.Type

/** A plan step or a call. `failed` is also the one at the place of the error; `unfinished`: its attempt ended first. */
export const ChainLink = Schema.Struct({
  kind: Schema.Literals(["step", "tool", "skill", "mcp"]),
  /** The upstream's id of the step or call; null if it gave none. */
  id: Schema.NullOr(Schema.String),
  /** The step that made the call, or that contains the step. */
  stepId: Schema.NullOr(Schema.String),
  name: Schema.String,
  status: Schema.Literals(["pending", "running", "completed", "failed", "skipped", "unfinished"]),
  /** Start and end in epoch milliseconds, as this service saw them. */
  startedAt: Millis,
  endedAt: Millis,
  /** The time between them; the upstream's value if one of them was not seen. */
  durationMs: Millis,
})
export type ChainLink = typeof ChainLink.Type

export const RunTimes = Schema.Struct({
  /** From the acceptance of the turn to its end. */
  totalMs: Millis,
  /** The part without a working upstream. */
  overheadMs: Millis,
  /** The longest time between two events of the run. Null: fewer than two are stored. */
  longestSilenceMs: Millis,
})
export type RunTimes = typeof RunTimes.Type
