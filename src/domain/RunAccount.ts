/** An account of a run: its clocks, and each plan step and call with its time. */
import * as Schema from "effect/Schema"
import { Attempt } from "./Run.ts"

const Millis = Schema.NullOr(Schema.Int)

/** An attempt, and how long after its start what came. Null: it did not come. */
export const TimedAttempt = Schema.Struct({
  ...Attempt.fields,
  firstProgressMs: Millis,
  firstContentMs: Millis,
  durationMs: Schema.Int,
})
export type TimedAttempt = typeof TimedAttempt.Type

/** A step of the plan or a call. `unfinished`: the run ended before it did. */
export const ChainLink = Schema.Struct({
  kind: Schema.Literals(["step", "tool", "skill", "mcp"]),
  /** The plan's id of the step, or the call's; null where the upstream gave none. */
  id: Schema.NullOr(Schema.String),
  /** The step that a call was made for. */
  stepId: Schema.NullOr(Schema.String),
  name: Schema.String,
  status: Schema.Literals(["pending", "running", "completed", "failed", "skipped", "unfinished"]),
  /** Epoch milliseconds, as this service saw it begin and end. */
  startedAt: Millis,
  endedAt: Millis,
  /** Between them; what the upstream says where one of them was not seen. */
  durationMs: Millis,
})
export type ChainLink = typeof ChainLink.Type

export const RunTimes = Schema.Struct({
  /** From the turn's acceptance to its end. */
  totalMs: Millis,
  /** The part of it in which no upstream was at work. */
  overheadMs: Millis,
  /** The longest time between two events of the run. Null: fewer than two are kept. */
  longestSilenceMs: Millis,
})
export type RunTimes = typeof RunTimes.Type
