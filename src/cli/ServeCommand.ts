/** `crossfade serve`: the service, configured by the environment. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Config from "../config/Config.ts"
import { surviveBrokenOutput } from "../telemetry/LogOutput.ts"
import { workerVariables } from "../config/ConfigWorkers.ts"
import { endedByRequest, explained, UsageError } from "./Explained.ts"
import { keepTurnsYoung } from "./KeepTurnsYoung.ts"
import * as StopSignals from "./StopSignals.ts"

/** Loaded for this command only: the whole service takes most of a second, and every command would wait for it. */
const single = (env: Config.Environment) =>
  Effect.flatMap(
    Effect.promise(() => import("./Serve.ts")),
    ({ layer }) => Layer.launch(layer(env)),
  )

/** The primary loads only what it needs itself. */
const several = (env: Config.Environment) =>
  Effect.flatMap(
    Effect.promise(() => import("./ServeWorkers.ts")),
    ({ serve }) => serve(env),
  )

const isSeveral = ({ WORKERS }: Config.Environment): boolean =>
  (workerVariables.WORKERS.parse(WORKERS?.trim() || workerVariables.WORKERS.default) ?? 1) > 1

/** Runs until it is stopped. A failed start is explained, and the process ends with code 1. */
export const run = (env: Config.Environment) =>
  Effect.all([keepTurnsYoung, surviveBrokenOutput, StopSignals.listen]).pipe(
    Effect.andThen(isSeveral(env) ? explained(several(env)) : explained(single(env))),
    endedByRequest,
  )

const workers = Flag.String("workers").pipe(
  Flag.withDescription(
    `Processes that serve the port together, on PostgreSQL and Redis: ${workerVariables.WORKERS.allowed} (default: WORKERS, else 1)`,
  ),
  Flag.optional,
)

/** The flag counts before the variable. */
const withWorkers = (flag: Option.Option<string>): Effect.Effect<Config.Environment, UsageError> => {
  if (Option.isNone(flag)) return Effect.succeed(process.env)
  const { allowed, parse } = workerVariables.WORKERS
  return parse(flag.value) === undefined
    ? Effect.fail(
        new UsageError({ message: `--workers: found ${JSON.stringify(flag.value)}; allowed: ${allowed}` }),
      )
    : Effect.succeed({ ...process.env, WORKERS: flag.value })
}

export const serve = Command.make("serve", { workers }, (flags) =>
  Effect.flatMap(explained(withWorkers(flags.workers)), run),
).pipe(
  Command.withDescription(
    "Run the service. The environment configures it; see .env.example. With several workers it uses several cores: each worker is a process, and all serve one port.",
  ),
)
