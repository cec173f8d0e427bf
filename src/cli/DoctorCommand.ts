/**
 * `crossfade doctor`: checks everything that the service of this environment needs, and says what to do. It runs
 * without the service and beside it, and creates nothing.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"

/** Loaded for this command only, because its drivers and wires take as long as those of the service. */
const checks = Effect.promise(() => import("./doctor/Doctor.ts"))

export const doctor = Command.make(
  "doctor",
  {
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the findings as JSON"),
      Flag.withDefault(false),
    ),
  },
  ({ json }) => Effect.flatMap(checks, ({ run }) => run(process.env, json)),
).pipe(
  Command.withDescription(
    "Check everything that the service of this environment needs: ports, data folder, secrets, database, Redis, runtime, providers, clocks and proxies. Sends one tiny message to the runtime and to each provider. The exit code is 1 if a check failed.",
  ),
)
