/**
 * One attempt that is invisible to the user: the first target of a mode, no retry, its own deadlines, and no more
 * events than a trace holds. It never fails; `AttemptProgress` has its outcome, also after an interruption.
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

/** The side exceeded the limits of a trace. */
class Flooded extends Data.TaggedError("Flooded") {}

/** The state of an attempt; only the attempt writes it. */
export class AttemptProgress {
  readonly tracer = new Trace.Tracer()
  /** The stored record; undefined until the attempt has ended. */
  attempt: AttemptRecord | undefined
  flooded = false

  /** Undefined until the end, and if the outcome says nothing about the mode. */
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
