/** `TokenBudgets` of this process alone. */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { TokenSpend } from "../store/TokenSpend.ts"
import * as TokenAccounts from "./TokenAccounts.ts"
import { dayOf } from "./TokenBudget.ts"
import { type DailyLimits, TokenBudgets } from "./TokenBudgets.ts"

const hasNone = ({ org, user }: DailyLimits): boolean => org <= 0 && user <= 0

export const layerMemory = (limits: DailyLimits): Layer.Layer<TokenBudgets, never, TokenSpend> =>
  Layer.effect(
    TokenBudgets,
    Effect.gen(function* () {
      const accounts = new TokenAccounts.Accounts()
      const open = yield* TokenAccounts.opener(accounts, limits)
      return TokenBudgets.of({
        reserve: hasNone(limits)
          ? () => Effect.undefined
          : Effect.fnUntraced(function* (owner, promptTokens) {
              const now = yield* Clock.currentTimeMillis
              const day = dayOf(now)
              const opened = yield* open(owner, day)
              if (!Arr.isReadonlyArrayNonEmpty(opened)) return undefined
              const number = accounts.nextNumber()
              return TokenAccounts.reserveHere(opened, promptTokens(), { day, now, number, inFleet: false })
            }),
        settle: (reservation, tokens) =>
          Effect.sync(() => {
            TokenAccounts.settleHere(reservation, tokens)
            TokenAccounts.acknowledge(reservation, tokens)
          }),
      })
    }),
  )
