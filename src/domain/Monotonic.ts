/** Time that passes evenly, whatever is done to the wall clock: for durations, never for dates. */
import type * as Clock from "effect/Clock"

/** Milliseconds since some fixed moment. */
export const monotonicMillis = (clock: Clock.Clock): number =>
  Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
