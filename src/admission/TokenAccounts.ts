/**
 * The budgets that this process knows. An account is opened with what the store says was spent, so that a restart forgets
 * nothing, and dropped once it is no longer used: the store knows it again.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { TokenSpend } from "../store/TokenSpend.ts"
import { keysOf, type Owner } from "./OpenStreams.ts"
import * as TokenBudget from "./TokenBudget.ts"
import type { Account, DailyLimits, Reservation, Reserved } from "./TokenBudgets.ts"

/** About 3 MB. */
const mostOfAGeneration = 10_000

/** Two generations: whole maps are dropped, because a map walks over what was deleted from its front. */
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
    if (older !== undefined) this.#keep(older)
    return older
  }

  /** The account that is there meanwhile goes before: turns may have reserved from it. */
  add(account: Account): Account {
    const known = this.find(account.key)
    if (known !== undefined) return known
    this.#keep(account)
    return account
  }

  /** Different for each reservation of this process. */
  nextNumber(): number {
    return ++this.#number
  }

  #keep(account: Account): void {
    this.#previous.delete(account.key)
    this.#current.set(account.key, account)
    if (this.#current.size < mostOfAGeneration) return
    const inUse = [...this.#previous].filter(([, { reserved, unsent }]) => reserved > 0 || unsent > 0)
    this.#previous = this.#current
    this.#current = new Map(inUse)
  }
}

type At = Omit<Reservation, "held"> & { readonly now: number }

/** An account's balance, as it is here or in the fleet. */
interface Seen {
  readonly account: Account
  readonly balance: TokenBudget.Balance
}

const toldOf = ({ account, balance }: Seen, now: number) => TokenBudget.toldOf(balance, account.limit, now)

export const refused = (seen: Seen, now: number): Reserved => ({
  _tag: "Refused",
  told: toldOf(seen, now),
  of: seen.account.of,
  isSpent: seen.balance.spent >= seen.account.limit,
})

/** Takes the amounts. Gives the reservation, and what is left in the account with the smaller rest. */
export const hold = (
  held: Arr.NonEmptyReadonlyArray<Seen & { readonly amount: number }>,
  { now, ...at }: At,
): Reserved => {
  const told = Arr.map(held, ({ account, amount, balance }) =>
    toldOf({ account, balance: { ...balance, reserved: balance.reserved + amount } }, now),
  )
  for (const { account, amount } of held) account.reserved += amount
  return {
    _tag: "Reserved",
    told: told.reduce((one, other) => (other.remaining < one.remaining ? other : one)),
    reservation: { ...at, held },
  }
}

const balanceOf = ({ reserved, spent, typical, unsent }: Account): TokenBudget.Balance => ({
  spent: spent + unsent,
  reserved,
  typical,
})

/** Decides by what this process knows. */
export const reserveHere = (
  accounts: Arr.NonEmptyReadonlyArray<Account>,
  promptTokens: number,
  at: At,
): Reserved => {
  const seen = Arr.map(accounts, (account) => {
    const balance = balanceOf(account)
    return { account, balance, amount: TokenBudget.reservedFor(balance, promptTokens) }
  })
  const full = seen.find(({ account, balance }) => !TokenBudget.hasRoom(balance, account.limit))
  return full === undefined ? hold(seen, at) : refused(full, at.now)
}

/** Gives back what a turn has reserved, and counts what it took. */
export const settleHere = ({ held }: Reservation, tokens: number | undefined): void => {
  for (const { account, amount } of held) {
    account.reserved -= amount
    if (tokens === undefined) continue
    account.unsent += tokens
    account.typical = TokenBudget.typicalAfter(account.typical, tokens)
  }
}

/** The tokens are among what all have spent, which is `spent` for each account, where that was asked for. */
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

/** Opens the accounts of an owner for a day: none where there is no budget. */
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
