/** The caller of a turn, built at the edge. */
import type { TurnPermit } from "../admission/TurnPermit.ts"
import type { Principal } from "../domain/Principal.ts"
import type { TurnKey } from "../domain/TurnKey.ts"
import type { Arrival } from "./TurnSpan.ts"

export interface Caller {
  readonly principal: Principal
  readonly requestId: string
  /** The headers that rollout rules may match: names start with `x-`, in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The primary subtag of the first language that the caller accepts, in lower case. */
  readonly language: string | undefined
  /** The start of the turn's span. */
  readonly arrival: Arrival
  /** The idempotency key of the turn. */
  readonly key?: TurnKey | undefined
  readonly permit: TurnPermit
}
