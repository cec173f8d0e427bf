/** The program of `npm start`: the service, until it is stopped. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { run } from "./cli/ServeCommand.ts"
import { teardown } from "./cli/Teardown.ts"

NodeRuntime.runMain(run(process.env), { disableErrorReporting: true, teardown })
