/** `crossfade serve`: the service, configured by the environment. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { setFlagsFromString } from "node:v8"
import type * as Config from "../config/Config.ts"
import { surviveBrokenOutput } from "../telemetry/LogOutput.ts"
import { explained } from "./Explained.ts"
import * as Serve from "./Serve.ts"
import * as StopSignals from "./StopSignals.ts"

/**
 * Under load the objects of a turn survive some small collections, so V8 would learn to allocate them as old; old
 * objects stay, with everything they refer to, until the next full collection. Measured in decision 28.
 */
const keepTurnsYoung = Effect.sync(() => setFlagsFromString("--no-allocation-site-pretenuring"))

/** Runs until it is stopped. A failed start is explained, and the process ends with code 1. */
export const run = (env: Config.Environment) =>
  Effect.all([keepTurnsYoung, surviveBrokenOutput, StopSignals.listen]).pipe(
    Effect.andThen(explained(Layer.launch(Serve.layer(env)))),
  )

export const serve = Command.make("serve", {}, () => run(process.env)).pipe(
  Command.withDescription("Run the service. Everything is configured by the environment; see .env.example."),
)
