/**
 * The log lines of a state that many uses find: one line when they begin to fail, and one when they succeed again. A
 * probe every few seconds would otherwise fill the log during an outage.
 */
import * as Effect from "effect/Effect"

export interface StateLine {
  readonly failed: (reason: string) => Effect.Effect<void>
  readonly succeeded: Effect.Effect<void>
}

export const make = (lines: {
  readonly failing: (reason: string) => string
  /** `failures`: the number of uses that failed. */
  readonly recovered: (failures: number) => string
}): StateLine => {
  let failures = 0
  return {
    failed: (reason) =>
      Effect.suspend(() => {
        failures += 1
        return failures === 1 ? Effect.logWarning(lines.failing(reason)) : Effect.void
      }),
    succeeded: Effect.suspend(() => {
      if (failures === 0) return Effect.void
      const line = lines.recovered(failures)
      failures = 0
      return Effect.logInfo(line)
    }),
  }
}
