/** The permit of a turn that no limit binds. */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type { TurnPermit } from "../../src/admission/TurnPermit.ts"

export const freePermit: TurnPermit = {
  budget: undefined,
  day: undefined,
  begin: () => Effect.void,
  during: identity,
  end: () => Effect.void,
}
