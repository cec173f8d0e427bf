/**
 * One attempt that no user sees: the first target of a mode, no retry, its own clocks, and no more of it read than a trace
 * holds. It never fails; how it ended is in what was `AttemptProgress`, also when it was interrupted.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { forMode } from "../domain/Agent.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { Attempt as AttemptRecord } from "../domain/Run.ts"
import * as Attempt from "../execution/Attempt.ts"
import type { Limits } from "../execution/Deadlines.ts"
import type { ExecutionEvent, Executor, Turn } from "../execution/Executor.ts"
import * as Trace from "./Trace.ts"

/** It said more than is read of one side. */
class Flooded extends Data.TaggedError("Flooded") {}

/** The course of an attempt so far; the attempt alone writes it. */
export class AttemptProgress {
  readonly tracer = new Trace.Tracer()
  /** As it is stored; undefined until it has ended. */
  attempt: AttemptRecord | undefined
  flooded = false

  /** Undefined while it goes on, and when its end says nothing about the mode. */
  get trace(): Trace.Trace | undefined {
    const { attempt } = this
    if (attempt === undefined || !Trace.isComparable(attempt.code)) return undefined
    const { code, endedAt, startedAt, usage } = attempt
    const tokens = usage === null || usage.estimated === true ? null : usage.tokens
    return this.tracer.end({ code, tokens, totalMs: code === null ? endedAt - startedAt : null })
  }
}

export const run = (
  executor: Executor["Service"],
  turn: Turn,
  options: {
    readonly limits: Limits
    readonly progress: AttemptProgress
    readonly onAttempt: (attempt: AttemptRecord) => Effect.Effect<void>
  },
): Effect.Effect<void> =>
  Clock.clockWith((clock) => {
    const { limits, progress } = options
    const startedAt = monotonicMillis(clock)
    const onEnd = (ended: AttemptRecord) => {
      progress.attempt = progress.flooded ? { ...ended, outcome: "error", code: "SHADOW_FLOODED" } : ended
      return options.onAttempt(progress.attempt)
    }
    const read = (events: ReadonlyArray<ExecutionEvent>): Effect.Effect<void, Flooded> => {
      const at = monotonicMillis(clock) - startedAt
      progress.flooded = events.some(
        (event) => event._tag === "Message" && !progress.tracer.add(event.draft, at),
      )
      return progress.flooded ? Effect.fail(new Flooded()) : Effect.void
    }
    const own = { ...turn, agent: forMode(turn.agent, executor.mode), shadow: true }
    return Attempt.run(executor, own, { number: 1, limits, onEnd }).pipe(
      Stream.runForEachArray(read),
      Effect.ignore,
    )
  })
