/**
 * The rules of a daily token budget (decision 33). Pure. A turn starts while spent and reserved tokens are below the budget. It
 * reserves an estimate of its own tokens, so that concurrent turns do not spend the same remainder.
 */

/** One user's or one organisation's tokens of one UTC day. */
export interface Balance {
  readonly spent: number
  /** Tokens that running turns have reserved. */
  readonly reserved: number
  /** The largest recent turn; 0 before the first one of the day has ended. */
  readonly typical: number
}

/** A budget as the caller sees it. `resetMs`: milliseconds until the next UTC day. */
export interface BudgetState {
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
}

export const dayMs = 86_400_000

/** Days since 1970-01-01, UTC. */
export const dayOf = (now: number): number => Math.floor(now / dayMs)

/** Added to the prompt of a day's first turns, because their answers have an unknown length. About 700 English words. */
export const firstAnswerTokens = 1024

/** The estimate halves its distance to smaller turns in about ten of them. */
export const decayTurns = 16

export const hasRoom = ({ reserved, spent }: Balance, limit: number): boolean => spent + reserved < limit

export const reservedFor = ({ typical }: Balance, promptTokens: number): number =>
  typical === 0 ? promptTokens + firstAnswerTokens : Math.max(typical, promptTokens)

/** Rises at once and falls slowly. A turn without tokens was rejected by its upstream, so it is no evidence. */
export const typicalAfter = (typical: number, tokens: number): number =>
  tokens === 0 ? typical : Math.max(tokens, Math.floor(typical - (typical - tokens) / decayTurns))

export const stateOf = ({ reserved, spent }: Balance, limit: number, now: number): BudgetState => ({
  limit,
  remaining: Math.max(0, limit - spent - reserved),
  resetMs: (dayOf(now) + 1) * dayMs - now,
})
