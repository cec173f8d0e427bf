/**
 * The share of the limits that one turn holds beside its stream: a place for its run, and tokens of the day. Its request
 * holds it until the run begins; then the run holds it, with or without a reader.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { StoreError } from "../store/StoreError.ts"
import type { Caps, OpenStreams, Owner, Place } from "./OpenStreams.ts"
import { type AdmissionRejected, noPlace, rejected, soonMs } from "./Rejection.ts"
import type { BudgetTold } from "./TokenBudget.ts"
import type { Reservation, TokenBudgets } from "./TokenBudgets.ts"

export interface TurnPermit {
  /** The rest of the budget; undefined until the turn has asked for tokens, and where there is no budget. */
  readonly budget: BudgetTold | undefined
  /** The UTC day whose budget the turn counts against. */
  readonly day: number | undefined
  /** Fails where there is no room for a run, or where the day's tokens are spent. Asking again costs nothing. */
  readonly begin: (promptTokens: () => number) => Effect.Effect<void, AdmissionRejected | StoreError>
  /** `run` holds the permit until it ends, however that is. */
  readonly during: (run: Effect.Effect<void>) => Effect.Effect<void>
  /** Gives all of it back. `tokens` were spent; undefined: no run began, and one may `begin` later. Does not wait for the fleet. */
  readonly end: (tokens?: number) => Effect.Effect<void>
}

/** The permits of one process have these in common. */
export interface Issuer {
  readonly places: OpenStreams["Service"]
  readonly budgets: TokenBudgets["Service"]
  readonly caps: Caps
  /** Most runs of the process, and how many there are. */
  readonly most: number
  running: number
  readonly scope: Scope.Scope
}

export class HeldPermit implements TurnPermit {
  readonly issuer: Issuer
  readonly owner: Owner
  run: Place | undefined
  reservation: Reservation | undefined
  budget: BudgetTold | undefined
  /** The process counts its run. */
  counted = false
  running = false
  #ending: Fiber.Fiber<void> | undefined

  constructor(issuer: Issuer, owner: Owner, run: Place | undefined) {
    this.issuer = issuer
    this.owner = owner
    this.run = run
  }

  get day(): number | undefined {
    return this.reservation?.day
  }

  begin(promptTokens: () => number): Effect.Effect<void, AdmissionRejected | StoreError> {
    return begin(this, promptTokens)
  }

  during(run: Effect.Effect<void>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.running = true
      return Effect.ensuring(run, this.#ended)
    })
  }

  end(tokens?: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (!this.counted && this.run === undefined) return Effect.void
      // Counted here at once; Redis is told in the order in which things happen.
      const ending = Effect.forkIn(giveBack(this, tokens), this.issuer.scope, { startImmediately: true })
      return Effect.map(ending, (fiber) => {
        this.#ending = fiber
      })
    })
  }

  /** The end of the turn's request. */
  get left(): Effect.Effect<void> {
    return Effect.suspend(() => (this.running ? Effect.void : this.#ended))
  }

  /** Given back in the fleet as well. */
  get #ended(): Effect.Effect<void> {
    return Effect.andThen(
      this.end(),
      Effect.suspend(() => (this.#ending === undefined ? Effect.void : Fiber.await(this.#ending))),
    )
  }
}

const begin = Effect.fnUntraced(function* (permit: HeldPermit, promptTokens: () => number) {
  const { budgets, caps, most, places } = permit.issuer
  if (!permit.counted) {
    if (permit.issuer.running >= most) return yield* rejected("process", soonMs)
    permit.issuer.running += 1
    permit.counted = true
  }
  permit.run ??= yield* Effect.mapError(places.take("runs", permit.owner, caps), noPlace)
  if (permit.reservation !== undefined) return
  const answer = yield* budgets.reserve(permit.owner, promptTokens)
  if (answer === undefined) return
  permit.budget = answer.told
  if (answer._tag === "Reserved") permit.reservation = answer.reservation
  else if (answer.isSpent) return yield* rejected(`${answer.of}_tokens`, answer.told.resetMs)
  else return yield* rejected("reserved_tokens", soonMs)
})

const giveBack = (permit: HeldPermit, tokens: number | undefined): Effect.Effect<void> => {
  const { counted, issuer, reservation, run } = permit
  permit.run = undefined
  permit.reservation = undefined
  permit.counted = false
  if (counted) issuer.running -= 1
  const freed = run === undefined ? Effect.void : issuer.places.free(run)
  if (reservation === undefined) return freed
  return Effect.all([issuer.budgets.settle(reservation, tokens), freed], {
    concurrency: "unbounded",
    discard: true,
  })
}
