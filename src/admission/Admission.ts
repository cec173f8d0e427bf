/**
 * Checks limits before any work, the cheapest first: open streams of this process; then the rates of the API key, the user
 * and the organisation; then the open streams of the user and the organisation. Before a turn starts it also needs a run
 * place and tokens of the daily budget (`TurnPermit`).
 *
 * Invariant: a stream holds its place until its connection ends, a run until the run ends. A rejection costs at most one
 * turn of a rate.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { catalogue } from "../telemetry/Metrics.ts"
import type { Principal } from "../domain/Principal.ts"
import { keysOf, OpenStreams, type Owner, type TurnPlaces } from "./OpenStreams.ts"
import { Rates } from "./Rates.ts"
import { type AdmissionRejected, noPlace, rejected, soonMs, withRate } from "./Rejection.ts"
import type { Taken } from "./TokenBucket.ts"
import { TokenBudgets } from "./TokenBudgets.ts"
import { HeldPermit, type Issuer, type TurnPermit } from "./TurnPermit.ts"

/** `rate`: the rate with the fewest turns left, after this turn. */
interface AdmittedTurn {
  readonly permit: TurnPermit
  readonly rate: Taken | undefined
}

type Requester = Owner & Pick<Principal, "key">

/** Each limit of streams applies to open streams and, separately, to runs. */
export interface Limits {
  readonly userTurns: number
  readonly orgTurns: number
  readonly userStreams: number
  readonly orgStreams: number
  /** Maximum of streams, and of runs, in this process. */
  readonly streams: number
}

export class Admission extends Context.Service<
  Admission,
  {
    /** Admits a stream that only reads, so it costs no turn. It counts until the scope closes. */
    readonly stream: (owner: Owner) => Effect.Effect<void, AdmissionRejected, Scope.Scope>
    /**
     * Admits a turn and its stream. If a run place is free, the permit takes it in the same step; otherwise, or with
     * `mayBeginLater`, it takes the place when the turn starts.
     */
    readonly turn: (
      principal: Requester,
      mayBeginLater: boolean,
    ) => Effect.Effect<AdmittedTurn, AdmissionRejected, Scope.Scope>
  }
>()("crossfade/admission/Admission") {
  static readonly layer = (
    limits: Limits,
  ): Layer.Layer<Admission, never, OpenStreams | Rates | TokenBudgets> =>
    Layer.effect(Admission, make(limits))
}

/** The key of a bucket and its size. */
interface Rate {
  readonly key: string
  readonly turns: number
  readonly reason: AdmissionRejected["reason"]
}

const make = Effect.fnUntraced(function* (limits: Limits) {
  const rates = yield* Rates
  const places = yield* OpenStreams
  const caps = { user: limits.userStreams, org: limits.orgStreams }
  const issuer: Issuer = {
    places,
    budgets: yield* TokenBudgets,
    caps,
    most: limits.streams,
    running: 0,
    scope: yield* Effect.scope,
  }
  let open = 0

  yield* catalogue.streamsOpen.observe({}, () => open)

  const inProcess = (scope: Scope.Scope): Effect.Effect<void, AdmissionRejected> =>
    Effect.suspend(() => {
      if (open >= limits.streams) return Effect.fail(rejected("process", soonMs))
      open += 1
      const leave = Effect.sync(() => {
        open -= 1
      })
      return Scope.addFinalizer(scope, leave)
    })

  /** The narrowest comes first, so a turn that it rejects costs the others nothing. */
  const ratesOf = ({ key, ...owner }: Requester): ReadonlyArray<Rate> => {
    const { org, user } = keysOf(owner)
    const perKey = key?.ratePerMinute ?? null
    return [
      ...(key === undefined || perKey === null
        ? []
        : [{ key: `key:${key.id}`, turns: perKey, reason: "key_rate" as const }]),
      { key: user, turns: limits.userTurns, reason: "user_rate" },
      { key: org, turns: limits.orgTurns, reason: "org_rate" },
    ]
  }

  /** Returns the rate with the fewest turns left. */
  const takeRates = Effect.fnUntraced(function* (principal: Requester) {
    let strictest: Taken | undefined
    for (const { key, reason, turns } of ratesOf(principal)) {
      const taken = yield* rates.take(key, turns)
      if (!taken.allowed) return yield* withRate(rejected(reason, taken.retryMs), taken)
      if (strictest === undefined || taken.remaining < strictest.remaining) strictest = taken
    }
    return strictest
  })

  const take = (owner: Owner) => Effect.mapError(places.take("streams", owner, caps), noPlace)

  const placesOf = (owner: Owner, mayBeginLater: boolean): Effect.Effect<TurnPlaces, AdmissionRejected> =>
    mayBeginLater
      ? Effect.map(take(owner), (place) => ({ stream: place, run: undefined }))
      : Effect.mapError(places.takeBoth(owner, caps), noPlace)

  const permit = (scope: Scope.Scope, owner: Owner, mayBeginLater: boolean) =>
    Effect.flatMap(placesOf(owner, mayBeginLater), ({ run, stream }) => {
      const held = new HeldPermit(issuer, owner, run)
      const release = Effect.andThen(places.free(stream), held.requestEnded)
      return Effect.as(Scope.addFinalizer(scope, release), held)
    })

  // Each step that takes something is uninterruptible together with its finalizer, so that an interruption leaks nothing. A
  // finalizer of `acquireRelease` would copy all services of the process at the end of each turn.
  return Admission.of({
    stream: (owner) =>
      holding((scope) =>
        Effect.andThen(
          inProcess(scope),
          Effect.flatMap(take(owner), (place) => Scope.addFinalizer(scope, places.free(place))),
        ),
      ),
    turn: (principal, mayBeginLater) =>
      holding((scope, restore) =>
        Effect.flatMap(Effect.andThen(inProcess(scope), restore(takeRates(principal))), (rate) =>
          Effect.mapBoth(permit(scope, principal, mayBeginLater), {
            onFailure: (rejection) => withRate(rejection, rate),
            onSuccess: (held) => ({ permit: held, rate }),
          }),
        ),
      ),
  })
})

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** An uninterruptible step with the scope that releases what it takes. */
const holding = <A, E>(
  use: (scope: Scope.Scope, restore: Restore) => Effect.Effect<A, E>,
): Effect.Effect<A, E, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.contextWith((context: Context.Context<Scope.Scope>) =>
      use(Context.get(context, Scope.Scope), restore),
    ),
  )
