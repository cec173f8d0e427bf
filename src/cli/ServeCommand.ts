/** `crossfade serve`: the service, configured by the environment. */
import * as Cause from "effect/Cause"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import type * as Config from "../Config.ts"
import * as Serve from "./Serve.ts"

/** What went wrong, in its own words: a start fails for a reason that whoever starts it can mend. */
const explain = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const error = Cause.squash(cause)
  return Console.error(error instanceof Error ? error.message : String(error))
}

/** The start failed, and why has been said already. */
export class StartFailed extends Data.TaggedError("StartFailed") {
  override readonly [Runtime.errorReported] = false
}

/** Runs until it is stopped. A start that fails is explained, and the process ends with code 1. */
export const run = (env: Config.Environment) =>
  Layer.launch(Serve.layer(env)).pipe(
    Effect.catchCauseIf(
      (cause) => !Cause.hasInterruptsOnly(cause),
      (cause) => Effect.andThen(explain(cause), Effect.fail(new StartFailed())),
    ),
  )

export const serve = Command.make("serve", {}, () => run(process.env)).pipe(
  Command.withDescription("Run the service. Everything is configured by the environment; see .env.example."),
)
