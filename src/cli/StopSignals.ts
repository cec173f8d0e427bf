/**
 * Signals besides those that start a planned stop in `runMain`: SIGHUP stops like SIGTERM, and Ctrl-C during a stop
 * ends the process at once, for a user who does not want to wait for the running answers.
 */
import * as Effect from "effect/Effect"

/** One Ctrl-C can arrive twice: the terminal signals the whole group, and `npm` passes it on as well. */
const sameKeyPressMs = 500

/** 128 plus the signal's number, as in shells. */
export const endedBySigint = 130

export const listen = Effect.sync(() => {
  let stoppingSince: number | undefined
  process.on("SIGHUP", () => process.emit("SIGTERM"))
  process.on("SIGTERM", () => {
    stoppingSince ??= performance.now()
  })
  process.on("SIGINT", () => {
    stoppingSince ??= performance.now()
    if (performance.now() - stoppingSince > sameKeyPressMs) process.exit(endedBySigint)
  })
})
