import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Accounts } from "../../src/admission/TokenAccounts.ts"
import * as TokenBudget from "../../src/admission/TokenBudget.ts"
import type { Account } from "../../src/admission/TokenBudgets.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Overlapping turns: each begins when there is room, and ends after `atOnce` others have begun. */
const run = (limit: number, atOnce: number, turns: ReadonlyArray<number>) => {
  let balance: TokenBudget.Balance = { spent: 0, reserved: 0, typical: 0 }
  const running: Array<{ readonly tokens: number; readonly amount: number }> = []
  const end = () => {
    const { amount, tokens } = running.shift()!
    balance = {
      spent: balance.spent + tokens,
      reserved: balance.reserved - amount,
      typical: TokenBudget.typicalAfter(balance.typical, tokens),
    }
  }
  for (const tokens of turns) {
    if (running.length >= atOnce) end()
    if (!TokenBudget.hasRoom(balance, limit)) continue
    const amount = TokenBudget.reservedFor(balance, 10)
    balance = { ...balance, reserved: balance.reserved + amount }
    running.push({ tokens, amount })
  }
  while (running.length > 0) end()
  return balance
}

describe("a token budget", () => {
  it.prop(
    "X9: lets concurrent equal turns spend at most the budget and one request",
    [between(1, 20_000), between(1, 50), between(1, 1000)],
    ([limit, atOnce, tokens]) => {
      const { reserved, spent } = run(
        limit,
        atOnce,
        Array.from({ length: 2000 }, () => tokens),
      )
      assert.strictEqual(reserved, 0)
      assert.isBelow(spent, limit + tokens)
    },
  )

  it.prop(
    "X9: lets consecutive turns spend at most the budget and one request",
    [between(1, 20_000), Schema.NonEmptyArray(between(0, 5000))],
    ([limit, turns]) => {
      const { spent } = run(limit, 1, turns)
      assert.isBelow(spent, limit + Math.max(...turns))
    },
  )

  it.prop(
    "is used up to less than one request",
    [between(1, 20_000), between(1, 1000)],
    ([limit, tokens]) => {
      const turns = Array.from({ length: Math.ceil(limit / tokens) }, () => tokens)
      assert.isAtLeast(run(limit, 1, turns).spent, limit)
    },
  )

  it("reserves the prompt and a first answer, later the average of recent turns, and at least the prompt", () => {
    const none = { spent: 0, reserved: 0, typical: 0 }
    assert.strictEqual(TokenBudget.reservedFor(none, 100), 100 + TokenBudget.firstAnswerTokens)
    assert.strictEqual(TokenBudget.reservedFor({ ...none, typical: 300 }, 100), 300)
    assert.strictEqual(TokenBudget.reservedFor({ ...none, typical: 300 }, 1000), 1000)
  })

  it("raises its estimate at once after a large turn, halves it in about ten small ones, and skips turns without tokens", () => {
    let typical = TokenBudget.typicalAfter(10, 1000)
    assert.strictEqual(typical, 1000)
    assert.strictEqual(TokenBudget.typicalAfter(typical, 0), 1000)
    for (let turn = 0; turn < 11; turn++) typical = TokenBudget.typicalAfter(typical, 10)
    assert.isBelow(typical, 510)
    assert.isAbove(typical, 400)
    for (let turn = 0; turn < 200; turn++) typical = TokenBudget.typicalAfter(typical, 10)
    assert.strictEqual(typical, 10)
  })

  it("resets at midnight UTC", () => {
    const midnight = Date.UTC(2026, 10, 30)
    assert.strictEqual(TokenBudget.dayOf(midnight), TokenBudget.dayOf(midnight - 1) + 1)
    const none = { spent: 30, reserved: 20, typical: 0 }
    assert.deepStrictEqual(TokenBudget.stateOf(none, 100, midnight - 1500), {
      limit: 100,
      remaining: 50,
      resetMs: 1500,
    })
    assert.strictEqual(TokenBudget.stateOf(none, 10, midnight).remaining, 0)
    assert.strictEqual(TokenBudget.stateOf(none, 10, midnight).resetMs, TokenBudget.dayMs)
  })
})

describe("the accounts of a process", () => {
  const account = (key: string): Account => ({
    of: "user",
    key,
    limit: 1,
    spent: 0,
    unsent: 0,
    reserved: 0,
    typical: 0,
  })

  it("keep recent ones and those with running turns, for any number of users", () => {
    const accounts = new Accounts()
    const running = accounts.add({ ...account("running"), reserved: 1 })
    const unsent = accounts.add({ ...account("unsent"), unsent: 1 })
    let most = 0
    for (let user = 0; user < 100_000; user++) {
      accounts.add(account(String(user)))
      most = Math.max(most, accounts.size)
    }
    assert.isAtMost(most, 20_010)
    assert.strictEqual(accounts.find("running"), running)
    assert.strictEqual(accounts.find("unsent"), unsent)
    assert.isDefined(accounts.find("99999"))
    assert.isUndefined(accounts.find("0"))
  })

  it("keep the first of two that open at once", () => {
    const accounts = new Accounts()
    const first = accounts.add(account("ana"))
    assert.strictEqual(accounts.add(account("ana")), first)
  })
})
