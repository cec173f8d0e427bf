/** The exit code of the program: 0 after a requested stop, 1 after a failure. */
import * as Exit from "effect/Exit"
import type * as Runtime from "effect/Runtime"

export const teardown: Runtime.Teardown = (exit, onExit) =>
  onExit(Exit.isSuccess(exit) || Exit.hasInterrupts(exit) ? 0 : 1)
