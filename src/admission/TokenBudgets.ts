/**
 * How many tokens a user and an organisation may spend in a UTC day. A turn reserves before it begins and settles with what
 * its attempts took, on the day on which it began.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "../store/StoreError.ts"
import type { Owner } from "./OpenStreams.ts"
import type { BudgetTold } from "./TokenBudget.ts"

/** Tokens a day; 0: no budget. */
export interface DailyLimits {
  readonly user: number
  readonly org: number
}

/** A budget of one day, as this process knows it. */
export interface Account {
  readonly of: "user" | "org"
  /** Names the owner and the day. */
  readonly key: string
  readonly limit: number
  /** By all, as far as it is known here: never more than was spent. */
  spent: number
  /** By turns of this process, which the fleet does not know yet. */
  unsent: number
  /** By turns of this process. */
  reserved: number
  typical: number
}

export interface Reservation {
  readonly day: number
  /** Different for each reservation of this process. */
  readonly number: number
  /** Redis has it. */
  readonly inFleet: boolean
  readonly held: ReadonlyArray<{ readonly account: Account; readonly amount: number }>
}

export type Reserved =
  | { readonly _tag: "Reserved"; readonly told: BudgetTold; readonly reservation: Reservation }
  /** `isSpent` false: a part of it is only reserved, and may come back within the day. */
  | {
      readonly _tag: "Refused"
      readonly told: BudgetTold
      readonly of: "user" | "org"
      readonly isSpent: boolean
    }

export class TokenBudgets extends Context.Service<
  TokenBudgets,
  {
    /** Undefined where there is no budget: then the prompt's tokens are not counted. */
    readonly reserve: (
      owner: Owner,
      promptTokens: () => number,
    ) => Effect.Effect<Reserved | undefined, StoreError>
    /** Once for each reservation. `tokens` undefined: the turn did not begin. */
    readonly settle: (reservation: Reservation, tokens: number | undefined) => Effect.Effect<void>
  }
>()("crossfade/admission/TokenBudgets") {}
