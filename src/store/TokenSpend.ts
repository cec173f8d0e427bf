/**
 * Port: the tokens that turns have spent, by UTC day and user. `Runs.end` writes them in the transaction of the run's
 * end.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OrgId, UserId } from "../domain/Ids.ts"
import type { StoreError } from "./StoreError.ts"

/** `day`: days since 1970-01-01, UTC. */
export interface Spent {
  readonly day: number
  readonly tokens: number
}

export class TokenSpend extends Context.Service<
  TokenSpend,
  {
    /** Tokens of a user, or of a whole organisation. */
    readonly spent: (
      day: number,
      orgId: OrgId,
      userId: UserId | undefined,
    ) => Effect.Effect<number, StoreError>
    /** Counts tokens that no run spends. */
    readonly add: (
      spent: Spent,
      owner: { readonly orgId: OrgId; readonly userId: UserId },
    ) => Effect.Effect<void, StoreError>
  }
>()("crossfade/store/TokenSpend") {}
