/** Monotonic time: changes of the wall clock do not affect it. For durations, never for dates. */
import type * as Clock from "effect/Clock"

/** Milliseconds since a fixed moment. */
export const monotonicMillis = (clock: Clock.Clock): number =>
  Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)

/**
 * A clock of epoch milliseconds that never jumps: the wall clock now, plus monotonic time. For dates that are shown or stored
 * and whose difference is a duration.
 */
export const steadyMillis = (clock: Clock.Clock): (() => number) => {
  const wall = clock.currentTimeMillisUnsafe()
  const start = monotonicMillis(clock)
  return () => wall + monotonicMillis(clock) - start
}
