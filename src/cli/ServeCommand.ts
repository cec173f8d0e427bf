/** `crossfade serve`: the service, configured by the environment. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { setFlagsFromString } from "node:v8"
import type * as Config from "../config/Config.ts"
import { surviveBrokenOutput } from "../telemetry/LogOutput.ts"
import { endedByRequest, explained } from "./Explained.ts"
import * as StopSignals from "./StopSignals.ts"

/**
 * Under load the objects of a turn survive some small collections, so V8 would learn to allocate them as old; old
 * objects stay, with everything they refer to, until the next full collection. Measured in decision 28.
 */
const keepTurnsYoung = Effect.sync(() => setFlagsFromString("--no-allocation-site-pretenuring"))

/** Loaded for this command only: the whole service takes most of a second, and every command would wait for it. */
const service = Effect.promise(() => import("./Serve.ts"))

/** Runs until it is stopped. A failed start is explained, and the process ends with code 1. */
export const run = (env: Config.Environment) =>
  Effect.all([keepTurnsYoung, surviveBrokenOutput, StopSignals.listen]).pipe(
    Effect.andThen(explained(Effect.flatMap(service, ({ layer }) => Layer.launch(layer(env))))),
    endedByRequest,
  )

export const serve = Command.make("serve", {}, () => run(process.env)).pipe(
  Command.withDescription("Run the service. Everything is configured by the environment; see .env.example."),
)
