/** Runs the service without the rest of the command line. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { run } from "./ServeCommand.ts"
import { teardown } from "./Teardown.ts"

NodeRuntime.runMain(run(process.env), { disableErrorReporting: true, teardown })
