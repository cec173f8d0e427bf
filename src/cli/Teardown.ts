/** The exit code of the program: 0 when it was told to stop and did, 1 when it failed. */
import * as Exit from "effect/Exit"
import type * as Runtime from "effect/Runtime"

export const teardown: Runtime.Teardown = (exit, onExit) =>
  onExit(Exit.isSuccess(exit) || Exit.hasInterrupts(exit) ? 0 : 1)
