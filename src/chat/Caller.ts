/** The caller of a turn. All of it comes from the HTTP edge. */
import type { TurnPermit } from "../admission/TurnPermit.ts"
import type { Principal } from "../domain/Principal.ts"
import type { TurnKey } from "../domain/TurnKey.ts"
import type { Arrival } from "./TurnSpan.ts"

export interface Caller {
  readonly principal: Principal
  readonly requestId: string
  /** Those that begin with `x-`, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The primary subtag of the first language that the caller accepts, in lower case. */
  readonly language: string | undefined
  /** Its request, and where it stands in the caller's trace. */
  readonly arrival: Arrival
  /** Under which the turn is found when its request comes again. */
  readonly key?: TurnKey | undefined
  readonly permit: TurnPermit
}
