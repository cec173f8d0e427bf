/** The `crossfade` command. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { doctor } from "./DoctorCommand.ts"
import { keys } from "./KeysCommand.ts"
import { notify } from "./NotifyCommand.ts"
import { runs } from "./RunsCommand.ts"
import { secrets } from "./SecretsCommand.ts"
import { serve } from "./ServeCommand.ts"
import { simulate } from "./SimulateCommand.ts"
import { teardown } from "./Teardown.ts"
import { token } from "./TokenCommand.ts"
import { version } from "../app/Version.ts"
import { watch } from "./WatchCommand.ts"

Command.make("crossfade").pipe(
  Command.withDescription("Chat gateway over an agent runtime and a direct LLM."),
  Command.withSubcommands([doctor, keys, notify, runs, secrets, serve, simulate, token, watch]),
  Command.run({ version }),
  Effect.provide([NodeServices.layer, NodeCrypto.layerSecureRandom]),
  (program) => NodeRuntime.runMain(program, { teardown }),
)
