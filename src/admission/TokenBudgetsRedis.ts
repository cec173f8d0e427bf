/**
 * `TokenBudgets` of the whole fleet, in Redis: for each account a hash with its balance, and a sorted set of its reservations,
 * whose scores are the moments at which they lapse. Reserving is one script for both accounts, settling another.
 *
 * Each call brings what this process knows to be spent, a lower bound: where Redis knows less, because it is empty or was
 * away, it takes that. While Redis is away each process decides by what it knows.
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redis from "effect/persistence/Redis"
import { Replica } from "../persistence/Replica.ts"
import type { TokenSpend } from "../recording/TokenSpend.ts"
import * as TokenAccounts from "./TokenAccounts.ts"
import { dayMs, dayOf, firstAnswerTokens, turnsToForget } from "./TokenBudget.ts"
import { type Account, type DailyLimits, type Reservation, TokenBudgets } from "./TokenBudgets.ts"

/** Those of a replica that died are free then. A turn that runs longer is counted all the same when it ends. */
const lapseMs = 15 * 60_000
/** The turns of a day may end on the next one. */
const keptMs = 2 * dayMs

const keysOf = (accounts: ReadonlyArray<Account>) =>
  accounts.flatMap(({ key }) => [`crossfade:tokens:${key}`, `crossfade:reserved:${key}`])

interface Question {
  readonly accounts: ReadonlyArray<Account>
  /** Of the reservation, in front of its amount. */
  readonly id: string
  readonly promptTokens: number
}

/** Gives the number of the account without room (from 1; 0: reserved), then each account's spent, reserved, and amount. */
const reserveScript = Redis.script(
  ({ accounts, id, promptTokens }: Question) => [
    ...keysOf(accounts),
    id,
    promptTokens,
    firstAnswerTokens,
    lapseMs,
    keptMs,
    ...accounts.flatMap(({ limit, spent }) => [limit, spent]),
  ],
  {
    lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {0}
for n = 1, #KEYS / 2 do
  local balance, reservations = KEYS[2 * n - 1], KEYS[2 * n]
  for _, lapsed in ipairs(redis.call('ZRANGEBYSCORE', reservations, '-inf', now)) do
    redis.call('ZREM', reservations, lapsed)
    redis.call('HINCRBY', balance, 'reserved', -tonumber(string.match(lapsed, '%d+$')))
  end
  local known = redis.call('HMGET', balance, 'spent', 'reserved', 'typical')
  local spent = math.max(tonumber(known[1] or 0), tonumber(ARGV[5 + 2 * n]))
  local reserved, typical = tonumber(known[2] or 0), tonumber(known[3] or 0)
  local amount = math.max(typical, tonumber(ARGV[2]))
  if typical == 0 then amount = ARGV[2] + ARGV[3] end
  if answer[1] == 0 and spent + reserved >= tonumber(ARGV[4 + 2 * n]) then answer[1] = n end
  table.insert(answer, spent)
  table.insert(answer, reserved)
  table.insert(answer, amount)
end
if answer[1] > 0 then return answer end
for n = 1, #KEYS / 2 do
  local balance, reservations, amount = KEYS[2 * n - 1], KEYS[2 * n], answer[3 * n + 1]
  redis.call('HSET', balance, 'spent', string.format('%.0f', answer[3 * n - 1]))
  redis.call('HINCRBY', balance, 'reserved', amount)
  redis.call('ZADD', reservations, now + ARGV[4], string.format('%s:%.0f', ARGV[1], amount))
  redis.call('PEXPIRE', balance, ARGV[5])
  redis.call('PEXPIRE', reservations, ARGV[5])
end
return answer`,
    numberOfKeys: ({ accounts }) => 2 * accounts.length,
  },
).withReturnType<ReadonlyArray<number>>()

interface Settlement {
  readonly held: Reservation["held"]
  readonly id: string
  readonly tokens: number | undefined
}

/** Gives what each account has spent. */
const settleScript = Redis.script(
  ({ held, id, tokens }: Settlement) => [
    ...keysOf(held.map(({ account }) => account)),
    id,
    // Below zero: the turn did not begin.
    tokens ?? -1,
    turnsToForget,
    keptMs,
    ...held.flatMap(({ account, amount }) => [amount, account.spent]),
  ],
  {
    lua: `
local answer = {}
local tokens = tonumber(ARGV[2])
for n = 1, #KEYS / 2 do
  local balance, amount = KEYS[2 * n - 1], ARGV[3 + 2 * n]
  if redis.call('ZREM', KEYS[2 * n], ARGV[1] .. ':' .. amount) == 1 then
    redis.call('HINCRBY', balance, 'reserved', -amount)
  end
  local known = redis.call('HMGET', balance, 'spent', 'typical')
  local spent, typical = math.max(tonumber(known[1] or 0), tonumber(ARGV[4 + 2 * n])), tonumber(known[2] or 0)
  if tokens >= 0 then
    spent = spent + tokens
    typical = math.max(tokens, math.floor(typical - (typical - tokens) / ARGV[3]))
    redis.call('HSET', balance, 'spent', string.format('%.0f', spent), 'typical', string.format('%.0f', typical))
    redis.call('PEXPIRE', balance, ARGV[4])
  end
  table.insert(answer, spent)
end
return answer`,
    numberOfKeys: ({ held }) => 2 * held.length,
  },
).withReturnType<ReadonlyArray<number>>()

export const layerRedis = (
  limits: DailyLimits,
): Layer.Layer<TokenBudgets, never, Redis.Redis | Replica | TokenSpend> =>
  Layer.effect(
    TokenBudgets,
    Effect.gen(function* () {
      const redis = yield* Redis.Redis
      const replica = yield* Replica
      const accounts = new TokenAccounts.Accounts()
      const open = yield* TokenAccounts.opener(accounts, limits)
      const idOf = (number: number) => `${replica.id}:${number}`

      const reserve: TokenBudgets["Service"]["reserve"] = Effect.fnUntraced(function* (owner, promptTokens) {
        const now = yield* Clock.currentTimeMillis
        const day = dayOf(now)
        const opened = yield* open(owner, day)
        if (!Arr.isReadonlyArrayNonEmpty(opened)) return undefined
        const at = { day, now, number: accounts.nextNumber() }
        const question = { accounts: opened, id: idOf(at.number), promptTokens }
        const answer = yield* Effect.option(redis.eval(reserveScript)(question))
        if (Option.isNone(answer)) return TokenAccounts.reserveHere(opened, promptTokens, at)
        const [full = 0, ...figures] = answer.value
        const seen = Arr.map(opened, (account, n) => seenOf(account, figures.slice(3 * n)))
        for (const { account, balance } of seen) account.spent = Math.max(account.spent, balance.spent)
        const refusing = seen[full - 1]
        return refusing === undefined ? TokenAccounts.hold(seen, at) : TokenAccounts.refused(refusing, now)
      })

      const settle: TokenBudgets["Service"]["settle"] = (reservation, tokens) => {
        const { held, number } = reservation
        return Effect.map(
          Effect.option(redis.eval(settleScript)({ held, id: idOf(number), tokens })),
          (spent) => TokenAccounts.settleHere(reservation, tokens, Option.getOrUndefined(spent)),
        )
      }

      return TokenBudgets.of({ reserve, settle })
    }),
  )

const seenOf = (account: Account, [spent = 0, reserved = 0, amount = 0]: ReadonlyArray<number>) => ({
  account,
  amount,
  balance: { spent, reserved, typical: account.typical },
})
