/**
 * `TokenBudgets` of the whole fleet, in Redis. Each account has a hash with its balance and its reservations, and a sorted set
 * with the expiry times of the reservations. One script reserves from both accounts, and another settles with both.
 *
 * Each call sends the spend that this process has seen: if Redis lost data and has less, it takes that value. While Redis is
 * away each process decides by its own counts, and sends its settlements later.
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redis from "effect/persistence/Redis"
import * as Schedule from "effect/Schedule"
import { Replica } from "../platform/Replica.ts"
import type { TokenSpend } from "../store/TokenSpend.ts"
import * as TokenAccounts from "./TokenAccounts.ts"
import { dayMs, dayOf, decayTurns, firstAnswerTokens } from "./TokenBudget.ts"
import { type Account, type DailyLimits, type Reservation, TokenBudgets } from "./TokenBudgets.ts"
import * as Loop from "../telemetry/Loop.ts"

/** Frees the reservations of a dead replica. A turn that runs longer still counts when it ends. */
const expiryMs = 15 * 60_000
/** The turns of a day may end on the next one. */
const accountTtlMs = 2 * dayMs

/** Settlements that wait during an outage. Only this process and the store count the rest. */
const maxUnsent = 10_000

const keysOf = (accounts: ReadonlyArray<Account>) =>
  accounts.flatMap(({ key }) => [`crossfade:tokens:${key}`, `crossfade:reserved:${key}`])

interface Request {
  readonly accounts: ReadonlyArray<Account>
  /** Names the reservation in Redis. */
  readonly id: string
  readonly promptTokens: number
}

/**
 * Returns the number of the first account without room (from 1; 0 if reserved), then for each account the spent tokens, the
 * reserved tokens, and the amount to reserve.
 */
const reserveScript = Redis.script(
  ({ accounts, id, promptTokens }: Request) => [
    ...keysOf(accounts),
    id,
    promptTokens,
    firstAnswerTokens,
    expiryMs,
    accountTtlMs,
    ...accounts.flatMap(({ limit, spent, unsent }) => [limit, spent, unsent]),
  ],
  {
    lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {0}
for n = 1, #KEYS / 2 do
  local balance, lapses = KEYS[2 * n - 1], KEYS[2 * n]
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', lapses, '-inf', now)) do
    redis.call('HINCRBY', balance, 'reserved', -(redis.call('HGET', balance, id) or 0))
    redis.call('HDEL', balance, id)
    redis.call('ZREM', lapses, id)
  end
  local limit, seen, unsent = tonumber(ARGV[3 + 3 * n]), tonumber(ARGV[4 + 3 * n]), tonumber(ARGV[5 + 3 * n])
  local known = redis.call('HMGET', balance, 'spent', 'reserved', 'typical')
  local spent = math.max(tonumber(known[1] or 0), seen)
  local reserved, typical = tonumber(known[2] or 0), tonumber(known[3] or 0)
  local amount = math.max(typical, tonumber(ARGV[2]))
  if typical == 0 then amount = ARGV[2] + ARGV[3] end
  if answer[1] == 0 and spent + unsent + reserved >= limit then answer[1] = n end
  table.insert(answer, spent)
  table.insert(answer, reserved)
  table.insert(answer, amount)
end
if answer[1] > 0 then return answer end
for n = 1, #KEYS / 2 do
  local balance, lapses, amount = KEYS[2 * n - 1], KEYS[2 * n], answer[3 * n + 1]
  redis.call('HSET', balance, 'spent', string.format('%.0f', answer[3 * n - 1]), ARGV[1], amount)
  redis.call('HINCRBY', balance, 'reserved', amount)
  redis.call('ZADD', lapses, now + ARGV[4], ARGV[1])
  redis.call('PEXPIRE', balance, ARGV[5])
  redis.call('PEXPIRE', lapses, ARGV[5])
end
return answer`,
    numberOfKeys: ({ accounts }) => 2 * accounts.length,
  },
).withReturnType<ReadonlyArray<number>>()

interface Settlement {
  readonly reservation: Reservation
  readonly tokens: number | undefined
  /** True if it was sent before and may have been applied: it counts only while the reservation exists. */
  readonly again: boolean
}

/** Returns the spent tokens of each account. */
const settleScript = Redis.script(
  ({ again, reservation: { held }, tokens }: Settlement, id: string) => [
    ...keysOf(held.map(({ account }) => account)),
    id,
    // A negative number means that the turn did not start.
    tokens ?? -1,
    decayTurns,
    accountTtlMs,
    again ? 1 : 0,
    ...held.map(({ account }) => account.spent),
  ],
  {
    lua: `
local answer = {}
local tokens = tonumber(ARGV[2])
for n = 1, #KEYS / 2 do
  local balance = KEYS[2 * n - 1]
  local known = redis.call('HMGET', balance, 'spent', 'typical', ARGV[1])
  local spent, typical = math.max(tonumber(known[1] or 0), tonumber(ARGV[5 + n])), tonumber(known[2] or 0)
  if known[3] then
    redis.call('HINCRBY', balance, 'reserved', -known[3])
    redis.call('HDEL', balance, ARGV[1])
    redis.call('ZREM', KEYS[2 * n], ARGV[1])
  end
  if tokens >= 0 and (known[3] or ARGV[5] == '0') then
    spent = spent + tokens
    if tokens > 0 then typical = math.max(tokens, math.floor(typical - (typical - tokens) / ARGV[3])) end
    redis.call('HSET', balance, 'spent', string.format('%.0f', spent), 'typical', string.format('%.0f', typical))
    redis.call('PEXPIRE', balance, ARGV[4])
  end
  table.insert(answer, spent)
end
return answer`,
    numberOfKeys: ({ reservation: { held } }) => 2 * held.length,
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
      /** Settlements that Redis has not accepted yet. */
      const unsent = new Set<Settlement>()
      const idOf = (number: number) => `${replica.id}:${number}`

      const reserve: TokenBudgets["Service"]["reserve"] = Effect.fnUntraced(
        function* (owner, promptTokensOf) {
          const now = yield* Clock.currentTimeMillis
          const day = dayOf(now)
          const opened = yield* open(owner, day)
          if (!Arr.isReadonlyArrayNonEmpty(opened)) return undefined
          const at = { day, now, number: accounts.nextNumber() }
          const promptTokens = promptTokensOf()
          const request = { accounts: opened, id: idOf(at.number), promptTokens }
          const answer = yield* Effect.option(redis.eval(reserveScript)(request))
          if (Option.isNone(answer))
            return TokenAccounts.reserveHere(opened, promptTokens, { ...at, inFleet: false })
          const [full = 0, ...figures] = answer.value
          const counted = Arr.map(opened, (account, n) => countedByFleet(account, figures.slice(3 * n)))
          const refusing = counted[full - 1]
          return refusing === undefined
            ? TokenAccounts.hold(counted, { ...at, inFleet: true })
            : TokenAccounts.refused(refusing, now)
        },
      )

      const send = (settlement: Settlement) => {
        const { reservation, tokens } = settlement
        return Effect.map(redis.eval(settleScript)(settlement, idOf(reservation.number)), (spent) =>
          TokenAccounts.acknowledge(reservation, tokens, spent),
        )
      }

      const settle: TokenBudgets["Service"]["settle"] = (reservation, tokens) =>
        Effect.suspend(() => {
          TokenAccounts.settleHere(reservation, tokens)
          return Effect.catch(send({ reservation, tokens, again: false }), () =>
            Effect.sync(() => {
              if (unsent.size < maxUnsent) unsent.add({ reservation, tokens, again: reservation.inFleet })
              else TokenAccounts.acknowledge(reservation, tokens)
            }),
          )
        })

      const sendAgain = Effect.suspend(() =>
        Effect.forEach(
          [...unsent],
          (settlement) =>
            Effect.andThen(
              send(settlement),
              Effect.sync(() => unsent.delete(settlement)),
            ),
          { discard: true },
        ),
      )
      yield* Loop.every("token_budgets", Schedule.spaced("1 second"), Effect.ignore(sendAgain))

      return TokenBudgets.of({ reserve, settle })
    }),
  )

const countedByFleet = (account: Account, [spent = 0, reserved = 0, amount = 0]: ReadonlyArray<number>) => {
  account.spent = Math.max(account.spent, spent)
  const { typical, unsent } = account
  return { account, amount, balance: { spent: spent + unsent, reserved, typical } }
}
