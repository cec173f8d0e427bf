/** A command that failed says why, in words and without a stack, where its user can fix the reason. */
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"

const explain = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const error = Cause.squash(cause)
  return Console.error(error instanceof Error ? error.message : String(error))
}

/** It failed, and why has been said already. */
export class Failed extends Data.TaggedError("Failed") {
  override readonly [Runtime.errorReported] = false
}

/** Explains a failure; the process then ends with code 1. */
export const explained = <A, E, R>(command: Effect.Effect<A, E, R>): Effect.Effect<A, E | Failed, R> =>
  Effect.catchCauseIf(
    command,
    (cause) => !Cause.hasInterruptsOnly(cause),
    (cause) => Effect.andThen(explain(cause), Effect.fail(new Failed())),
  )
