/**
 * The rules of a daily token budget (decision 33). Pure. A turn begins while less than the budget is spent and reserved, and
 * reserves about what it will take, so that turns which run at once do not spend the same rest.
 */

/** One user's or one organisation's tokens of one UTC day. */
export interface Balance {
  readonly spent: number
  /** By the turns that are running. */
  readonly reserved: number
  /** The largest recent turn; 0 before the first one of the day has ended. */
  readonly typical: number
}

/** The budget with the smaller rest, as the caller sees it. `resetMs`: milliseconds until the next UTC day. */
export interface BudgetTold {
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
}

export const dayMs = 86_400_000

/** Days since 1970-01-01, UTC. */
export const dayOf = (now: number): number => Math.floor(now / dayMs)

/** Added to the prompt of a day's first turns, whose answers are of unknown length: about 700 English words. */
export const firstAnswerTokens = 1024

/** A large turn is forgotten by half in about ten smaller ones. */
export const turnsToForget = 16

export const hasRoom = ({ reserved, spent }: Balance, limit: number): boolean => spent + reserved < limit

export const reservedFor = ({ typical }: Balance, promptTokens: number): number =>
  typical === 0 ? promptTokens + firstAnswerTokens : Math.max(typical, promptTokens)

/** Rises at once, and falls slowly. A turn that took nothing, because its upstream refused it, says nothing. */
export const typicalAfter = (typical: number, tokens: number): number =>
  tokens === 0 ? typical : Math.max(tokens, Math.floor(typical - (typical - tokens) / turnsToForget))

export const toldOf = ({ reserved, spent }: Balance, limit: number, now: number): BudgetTold => ({
  limit,
  remaining: Math.max(0, limit - spent - reserved),
  resetMs: (dayOf(now) + 1) * dayMs - now,
})
