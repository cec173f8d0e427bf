/**
 * Port: the tokens that a user and an organisation may spend in a UTC day. A turn reserves tokens before it starts and settles
 * with the tokens of its attempts, on the day on which it started.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "../store/StoreError.ts"
import type { Owner } from "./OpenStreams.ts"
import type { BudgetState } from "./TokenBudget.ts"

/** Tokens a day; 0 means no budget. */
export interface DailyLimits {
  readonly user: number
  readonly org: number
}

/** A budget of one day, as this process counts it. */
export interface Account {
  readonly of: "user" | "org"
  /** Names the owner and the day. */
  readonly key: string
  readonly limit: number
  /** Spend of all replicas that this process has seen; never more than the true spend. */
  spent: number
  /** Spend of this process that the fleet has not counted yet. */
  unsent: number
  /** Reserved by turns of this process. */
  reserved: number
  typical: number
}

export interface Reservation {
  readonly day: number
  /** Unique in this process. */
  readonly number: number
  /** True if Redis has the reservation. */
  readonly inFleet: boolean
  readonly held: ReadonlyArray<{ readonly account: Account; readonly amount: number }>
}

export type Reserved =
  | { readonly _tag: "Reserved"; readonly budget: BudgetState; readonly reservation: Reservation }
  /** `isSpent` is false while a part of the budget is only reserved: it may become free within the day. */
  | {
      readonly _tag: "Refused"
      readonly budget: BudgetState
      readonly of: "user" | "org"
      readonly isSpent: boolean
    }

export class TokenBudgets extends Context.Service<
  TokenBudgets,
  {
    /** Undefined without a budget; then the prompt's tokens are not counted. */
    readonly reserve: (
      owner: Owner,
      promptTokens: () => number,
    ) => Effect.Effect<Reserved | undefined, StoreError>
    /** Call once for each reservation. `tokens` is undefined if the turn did not start. */
    readonly settle: (reservation: Reservation, tokens: number | undefined) => Effect.Effect<void>
  }
>()("crossfade/admission/TokenBudgets") {}
