/** The program that `npm start` runs: the service, until it is told to stop. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { run } from "./cli/ServeCommand.ts"
import { teardown } from "./cli/Teardown.ts"

NodeRuntime.runMain(run(process.env), { disableErrorReporting: true, teardown })
