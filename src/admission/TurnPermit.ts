/**
 * The limits that one turn holds beside its stream: a run place, and tokens of the daily budget. The request holds them until
 * the run starts; then the run holds them, with or without a reader.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { StoreError } from "../store/StoreError.ts"
import type { Caps, OpenStreams, Owner, Place } from "./OpenStreams.ts"
import { type AdmissionRejected, noPlace, rejected, soonMs } from "./Rejection.ts"
import type { BudgetState } from "./TokenBudget.ts"
import type { Reservation, TokenBudgets } from "./TokenBudgets.ts"

export interface TurnPermit {
  /** Undefined before the turn has reserved tokens, and without a budget. */
  readonly budget: BudgetState | undefined
  /** The UTC day whose budget the turn counts against. */
  readonly day: number | undefined
  /** Fails if no run place is free, or if the daily budget is spent. A second call costs nothing. */
  readonly begin: (promptTokens: () => number) => Effect.Effect<void, AdmissionRejected | StoreError>
  /** Holds the permit until `run` ends, fails or is interrupted. */
  readonly during: (run: Effect.Effect<void>) => Effect.Effect<void>
  /** Releases everything, without waiting for the fleet. `tokens` is the spend; undefined if no run started: one may `begin` later. */
  readonly end: (tokens?: number) => Effect.Effect<void>
}

/** The state that all permits of this process share. */
export interface Issuer {
  readonly places: OpenStreams["Service"]
  readonly budgets: TokenBudgets["Service"]
  readonly caps: Caps
  /** The maximum of runs in this process, and their count. */
  readonly most: number
  running: number
  readonly scope: Scope.Scope
}

export class HeldPermit implements TurnPermit {
  readonly issuer: Issuer
  readonly owner: Owner
  run: Place | undefined
  reservation: Reservation | undefined
  budget: BudgetState | undefined
  /** True while `Issuer.running` includes this run. */
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
      // The counts here change at once; Redis gets the changes in the same order.
      const ending = Effect.forkIn(release(this, tokens), this.issuer.scope, { startImmediately: true })
      return Effect.map(ending, (fiber) => {
        this.#ending = fiber
      })
    })
  }

  /** Releases the permit at the end of the request, unless a run holds it by then. */
  get requestEnded(): Effect.Effect<void> {
    return Effect.suspend(() => (this.running ? Effect.void : this.#ended))
  }

  /** Waits for the fleet as well. */
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
  const result = yield* budgets.reserve(permit.owner, promptTokens)
  if (result === undefined) return
  permit.budget = result.budget
  if (result._tag === "Reserved") permit.reservation = result.reservation
  else if (result.isSpent) return yield* rejected(`${result.of}_tokens`, result.budget.resetMs)
  else return yield* rejected("reserved_tokens", soonMs)
})

const release = (permit: HeldPermit, tokens: number | undefined): Effect.Effect<void> => {
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
