/** Explains a failed command in words and without a stack, so that its user can fix the cause. */
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"

const explain = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const error = Cause.squash(cause)
  return Console.error(error instanceof Error ? error.message : String(error))
}

/** The command failed and the reason is printed already. */
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
