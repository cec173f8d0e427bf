/** Time that passes evenly, whatever is done to the wall clock: for durations, never for dates. */
import type * as Clock from "effect/Clock"

/** Milliseconds since some fixed moment. */
export const monotonicMillis = (clock: Clock.Clock): number =>
  Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)

/**
 * Epoch milliseconds that pass evenly: the wall clock now, plus monotonic time from here on. For durations between dates that
 * are shown or stored.
 */
export const steadyMillis = (clock: Clock.Clock): (() => number) => {
  const wall = clock.currentTimeMillisUnsafe()
  const start = monotonicMillis(clock)
  return () => wall + monotonicMillis(clock) - start
}
