/**
 * The accounts of token budgets in this process. An account opens with the spend in the store, so a restart loses nothing. An
 * unused account is dropped: the store still has its spend.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { TokenSpend } from "../store/TokenSpend.ts"
import { keysOf, type Owner } from "./OpenStreams.ts"
import * as TokenBudget from "./TokenBudget.ts"
import type { Account, DailyLimits, Reservation, Reserved } from "./TokenBudgets.ts"

/** About 3 MB. */
const maxInGeneration = 10_000

/** Two generations: whole maps are dropped, because iteration over one map slows down with each entry deleted from its front. */
export class Accounts {
  #current = new Map<string, Account>()
  #previous = new Map<string, Account>()
  #number = 0

  get size(): number {
    return this.#current.size + this.#previous.size
  }

  find(key: string): Account | undefined {
    const known = this.#current.get(key)
    if (known !== undefined) return known
    const older = this.#previous.get(key)
    if (older !== undefined) this.#store(older)
    return older
  }

  /** Prefers an account added in the meantime, because turns may have reserved from it. */
  add(account: Account): Account {
    const known = this.find(account.key)
    if (known !== undefined) return known
    this.#store(account)
    return account
  }

  /** Unique in this process. */
  nextNumber(): number {
    return ++this.#number
  }

  #store(account: Account): void {
    this.#previous.delete(account.key)
    this.#current.set(account.key, account)
    if (this.#current.size < maxInGeneration) return
    const inUse = [...this.#previous].filter(([, { reserved, unsent }]) => reserved > 0 || unsent > 0)
    this.#previous = this.#current
    this.#current = new Map(inUse)
  }
}

type At = Omit<Reservation, "held"> & { readonly now: number }

/** An account with its balance, counted here or by the fleet. */
interface CountedAccount {
  readonly account: Account
  readonly balance: TokenBudget.Balance
}

const budgetOf = ({ account, balance }: CountedAccount, now: number) =>
  TokenBudget.stateOf(balance, account.limit, now)

export const refused = (counted: CountedAccount, now: number): Reserved => ({
  _tag: "Refused",
  budget: budgetOf(counted, now),
  of: counted.account.of,
  isSpent: counted.balance.spent >= counted.account.limit,
})

/** Reserves the amounts. The result has the budget of the account with fewer tokens left. */
export const hold = (
  held: Arr.NonEmptyReadonlyArray<CountedAccount & { readonly amount: number }>,
  { now, ...at }: At,
): Reserved => {
  const budgets = Arr.map(held, ({ account, amount, balance }) =>
    budgetOf({ account, balance: { ...balance, reserved: balance.reserved + amount } }, now),
  )
  for (const { account, amount } of held) account.reserved += amount
  return {
    _tag: "Reserved",
    budget: budgets.reduce((least, budget) => (budget.remaining < least.remaining ? budget : least)),
    reservation: { ...at, held },
  }
}

const balanceOf = ({ reserved, spent, typical, unsent }: Account): TokenBudget.Balance => ({
  spent: spent + unsent,
  reserved,
  typical,
})

/** Reserves by the counts of this process. */
export const reserveHere = (
  accounts: Arr.NonEmptyReadonlyArray<Account>,
  promptTokens: number,
  at: At,
): Reserved => {
  const counted = Arr.map(accounts, (account) => {
    const balance = balanceOf(account)
    return { account, balance, amount: TokenBudget.reservedFor(balance, promptTokens) }
  })
  const full = counted.find(({ account, balance }) => !TokenBudget.hasRoom(balance, account.limit))
  return full === undefined ? hold(counted, at) : refused(full, at.now)
}

/** Releases a turn's reservation and counts its tokens. */
export const settleHere = ({ held }: Reservation, tokens: number | undefined): void => {
  for (const { account, amount } of held) {
    account.reserved -= amount
    if (tokens === undefined) continue
    account.unsent += tokens
    account.typical = TokenBudget.typicalAfter(account.typical, tokens)
  }
}

/** The fleet or the store has counted the tokens. `spent`: the fleet's spend for each account, where Redis returned it. */
export const acknowledge = (
  { held }: Reservation,
  tokens: number | undefined,
  spent: ReadonlyArray<number> = [],
): void => {
  for (const [index, { account }] of held.entries()) {
    account.unsent -= tokens ?? 0
    account.spent = Math.max(account.spent, spent[index] ?? account.spent + (tokens ?? 0))
  }
}

/** Opens the accounts of an owner for a day; none without a budget. */
export const opener = (accounts: Accounts, limits: DailyLimits) =>
  Effect.map(TokenSpend, (store) => {
    const open = Effect.fnUntraced(function* (of: "user" | "org", owner: Owner, day: number) {
      const key = `${day}:${keysOf(owner)[of]}`
      const known = accounts.find(key)
      if (known !== undefined) return known
      const spent = yield* store.spent(day, owner.orgId, of === "user" ? owner.userId : undefined)
      return accounts.add({ of, key, limit: limits[of], spent, unsent: 0, reserved: 0, typical: 0 })
    })
    const budgeted = (["user", "org"] as const).filter((of) => limits[of] > 0)
    return (owner: Owner, day: number) => Effect.forEach(budgeted, (of) => open(of, owner, day))
  })
