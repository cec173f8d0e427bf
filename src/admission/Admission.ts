/**
 * Limits before any work, the cheapest first: the streams of this process, the rates of the API key, the user and the
 * organisation, the open streams of the last two. A turn that is about to begin also needs a place for its run, and tokens of
 * the day (`TurnPermit`).
 *
 * Invariant: a stream's place is held until its connection ends, a run's until the run ends. A refusal costs at most one
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

/** `rate`: the strictest of the rates, after this turn. */
export interface AdmittedTurn {
  readonly permit: TurnPermit
  readonly rate: Taken | undefined
}

type Beginner = Owner & Pick<Principal, "key">

/** Each limit of streams holds for open streams and, apart from these, for runs. */
export interface Limits {
  readonly userTurns: number
  readonly orgTurns: number
  readonly userStreams: number
  readonly orgStreams: number
  /** Most streams of this process, and most runs. */
  readonly streams: number
}

export class Admission extends Context.Service<
  Admission,
  {
    /** A stream that only reads: it costs no turn. It counts until the scope closes. */
    readonly stream: (owner: Owner) => Effect.Effect<void, AdmissionRejected, Scope.Scope>
    /**
     * A turn and its stream. If there is room, the permit already has a place for the run, taken in the same step. Otherwise,
     * and with `mayBeginLater`, it takes one when the turn begins.
     */
    readonly turn: (
      principal: Beginner,
      mayBeginLater: boolean,
    ) => Effect.Effect<AdmittedTurn, AdmissionRejected, Scope.Scope>
  }
>()("crossfade/admission/Admission") {
  static readonly layer = (
    limits: Limits,
  ): Layer.Layer<Admission, never, OpenStreams | Rates | TokenBudgets> =>
    Layer.effect(Admission, make(limits))
}

/** A bucket and its size. */
interface Rate {
  readonly of: string
  readonly turns: number
  readonly reason: AdmissionRejected["reason"]
}

/**
 * Holds what `take` gives until the scope closes. Unlike `Effect.acquireRelease` it keeps no services for the release, which
 * would copy all services of the process at the end of each turn.
 */
const held = <A, E>(
  take: Effect.Effect<A, E>,
  release: (taken: A) => Effect.Effect<void>,
): Effect.Effect<A, E, Scope.Scope> =>
  Effect.flatMap(Effect.scope, (scope) =>
    Effect.tap(take, (taken) => Scope.addFinalizer(scope, release(taken))),
  ).pipe(Effect.uninterruptible)

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

  const inProcess = held(
    Effect.suspend(() => {
      if (open >= limits.streams) return Effect.fail(rejected("process", soonMs))
      open += 1
      return Effect.void
    }),
    () =>
      Effect.sync(() => {
        open -= 1
      }),
  )

  /** The narrowest first: a turn that it refuses costs the others nothing. */
  const ratesOf = ({ key, ...owner }: Beginner): ReadonlyArray<Rate> => {
    const { org, user } = keysOf(owner)
    const perKey = key?.ratePerMinute ?? null
    return [
      ...(key === undefined || perKey === null
        ? []
        : [{ of: `key:${key.id}`, turns: perKey, reason: "key_rate" as const }]),
      { of: user, turns: limits.userTurns, reason: "user_rate" },
      { of: org, turns: limits.orgTurns, reason: "org_rate" },
    ]
  }

  /** Gives the strictest rate. */
  const takeRates = Effect.fnUntraced(function* (principal: Beginner) {
    let strictest: Taken | undefined
    for (const { of, reason, turns } of ratesOf(principal)) {
      const taken = yield* rates.take(of, turns)
      if (!taken.allowed) return yield* withRate(rejected(reason, taken.retryMs), taken)
      if (strictest === undefined || taken.remaining < strictest.remaining) strictest = taken
    }
    return strictest
  })

  const take = (owner: Owner) => Effect.mapError(places.take("streams", owner, caps), noPlace)

  const stream = (owner: Owner) => Effect.asVoid(held(take(owner), places.free))

  const placesOf = (owner: Owner, mayBeginLater: boolean): Effect.Effect<TurnPlaces, AdmissionRejected> =>
    mayBeginLater
      ? Effect.map(take(owner), (place) => ({ stream: place, run: undefined }))
      : Effect.mapError(places.takeBoth(owner, caps), noPlace)

  /** One step, so that an interruption leaves no place taken. */
  const permit = (owner: Owner, mayBeginLater: boolean) =>
    held(
      Effect.map(placesOf(owner, mayBeginLater), ({ run, stream }) => ({
        place: stream,
        turn: new HeldPermit(issuer, owner, run),
      })),
      ({ place, turn }) => Effect.andThen(places.free(place), turn.left),
    )

  return Admission.of({
    stream: (owner) => Effect.andThen(inProcess, stream(owner)),
    turn: (principal, mayBeginLater) =>
      Effect.flatMap(Effect.andThen(inProcess, takeRates(principal)), (rate) =>
        permit(principal, mayBeginLater).pipe(
          Effect.map(({ turn }) => ({ permit: turn, rate })),
          Effect.mapError((rejection) => withRate(rejection, rate)),
        ),
      ),
  })
})
