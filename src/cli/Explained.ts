/** Explains a failed command in words and without a stack, so that its user can fix the cause. */
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { printable } from "../domain/PlainText.ts"
import { exitCodes } from "./ExitCode.ts"

/** The command failed and the reason is printed already. */
export class Failed extends Data.TaggedError("Failed")<{ readonly code: number }> {
  override readonly [Runtime.errorReported] = false
  override readonly [Runtime.errorExitCode] = this.code
}

/** The command line names something that does not exist, or a value that is not allowed. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {
  override readonly [Runtime.errorExitCode] = exitCodes.usage.code
}

/** The command is correct, and its work cannot be done. */
export class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

type Say = (text: string, code: number) => Effect.Effect<void>

const explain = (cause: Cause.Cause<unknown>, say: Say): Effect.Effect<never, Failed> => {
  const error = Cause.squash(cause)
  if (error instanceof Failed) return Effect.fail(error)
  const isError = error instanceof Error
  const code = (isError ? error[Runtime.errorExitCode] : undefined) ?? exitCodes.failed.code
  const text = printable(isError ? error.message : String(error))
  return Effect.andThen(say(text, code), new Failed({ code }))
}

/** Explains a failure; the process then ends with the error's exit code, by default 1. `say`: default standard error. */
export const explained = <A, E, R>(
  command: Effect.Effect<A, E, R>,
  say: Say = (text) => Console.error(text),
): Effect.Effect<A, Failed, R> =>
  Effect.catchCause(command, (cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.interrupt : explain(cause, say),
  )

/** Ctrl-C is the usual end of this command, so it ends with 0. */
export const endedByRequest = <A, E, R>(command: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.onInterrupt(command, () =>
    Effect.sync(() => {
      process.exitCode = exitCodes.ok.code
    }),
  )
