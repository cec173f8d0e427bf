/** The `crossfade` command: reads its arguments and runs them. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliConfig from "effect/cli/CliConfig"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import { version } from "../app/Version.ts"
import { crossfade, presenter } from "./Commands.ts"
import { exitCodes } from "./ExitCode.ts"
import { Failed } from "./Explained.ts"
import { teardown } from "./Teardown.ts"

const builtIns = [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions, GlobalFlag.LogLevel]

crossfade.pipe(
  Command.run({ version }),
  Effect.catchTag("ShowHelp", ({ errors }) =>
    errors.length === 0 ? Effect.void : new Failed({ code: exitCodes.usage.code }),
  ),
  Effect.provide([
    NodeServices.layer,
    NodeCrypto.layerSecureRandom,
    CliConfig.layer({ builtIns }),
    presenter,
  ]),
  (program) => NodeRuntime.runMain(program, { teardown }),
)
