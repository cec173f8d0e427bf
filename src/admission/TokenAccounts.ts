/**
 * The budgets that this process knows. An account is opened with what the store says was spent, so that a restart forgets
 * nothing, and dropped once it is no longer used: the store knows it again.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { TokenSpend } from "../recording/TokenSpend.ts"
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
    const inUse = [...this.#previous].filter(([, { reserved }]) => reserved > 0)
    this.#previous = this.#current
    this.#current = new Map(inUse)
  }
}

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
  { day, now, number }: { readonly day: number; readonly now: number; readonly number: number },
): Reserved => {
  const told = Arr.map(held, ({ account, amount, balance }) =>
    toldOf({ account, balance: { ...balance, reserved: balance.reserved + amount } }, now),
  )
  for (const { account, amount } of held) account.reserved += amount
  return {
    _tag: "Reserved",
    told: told.reduce((one, other) => (other.remaining < one.remaining ? other : one)),
    reservation: { day, number, held },
  }
}

/** Decides by what this process knows. */
export const reserveHere = (
  accounts: Arr.NonEmptyReadonlyArray<Account>,
  promptTokens: number,
  at: { readonly day: number; readonly now: number; readonly number: number },
): Reserved => {
  const full = accounts.find((account) => !TokenBudget.hasRoom(account, account.limit))
  if (full !== undefined) return refused({ account: full, balance: full }, at.now)
  const held = Arr.map(accounts, (account) => ({
    account,
    balance: account,
    amount: TokenBudget.reservedFor(account, promptTokens),
  }))
  return hold(held, at)
}

/** Gives back what was reserved, and counts what the turn took; `spent` is what the fleet says then, where it was asked. */
export const settleHere = (
  { held }: Reservation,
  tokens: number | undefined,
  spent: ReadonlyArray<number> | undefined,
): void => {
  for (const [index, { account, amount }] of held.entries()) {
    account.reserved -= amount
    const counted = account.spent + (tokens ?? 0)
    account.spent = Math.max(account.spent, spent?.[index] ?? counted)
    if (tokens !== undefined) account.typical = TokenBudget.typicalAfter(account.typical, tokens)
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
      return accounts.add({ of, key, limit: limits[of], spent, reserved: 0, typical: 0 })
    })
    const budgeted = (["user", "org"] as const).filter((of) => limits[of] > 0)
    return (owner: Owner, day: number) => Effect.forEach(budgeted, (of) => open(of, owner, day))
  })
