/** The exit code of the program: that of its failure, and 130 for an interrupt that the command did not expect. */
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { exitCodes } from "./ExitCode.ts"

export const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Exit.hasInterrupts(exit)
    ? onExit(Number(process.exitCode ?? exitCodes.interrupted.code))
    : Runtime.defaultTeardown(exit, onExit)
