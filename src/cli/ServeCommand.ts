/** `crossfade serve`: the service, configured by the environment. */
import * as Command from "effect/cli/Command"
import * as Layer from "effect/Layer"
import type * as Config from "../Config.ts"
import { explained } from "./Explained.ts"
import * as Serve from "./Serve.ts"

/** Runs until it is stopped. A start that fails is explained, and the process ends with code 1. */
export const run = (env: Config.Environment) => explained(Layer.launch(Serve.layer(env)))

export const serve = Command.make("serve", {}, () => run(process.env)).pipe(
  Command.withDescription("Run the service. Everything is configured by the environment; see .env.example."),
)
