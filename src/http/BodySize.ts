/** Recognises a body that is larger than `MaxBodySize`. The platform has no error type for it. */
import * as Cause from "effect/Cause"

export const isTooLarge = (cause: Cause.Cause<unknown>): boolean =>
  /MaxBodySize|maxBytes/.test(Cause.pretty(cause))
