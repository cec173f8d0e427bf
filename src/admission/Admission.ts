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
import { type AdmissionRejected, noPlace, rejected, soonMs } from "./Rejection.ts"
import type { Taken } from "./TokenBucket.ts"
import { TokenBudgets } from "./TokenBudgets.ts"
import { HeldPermit, type Issuer, type TurnPermit } from "./TurnPermit.ts"

/** The strictest of the rates, as it is after the turn; none where it was not asked. */
export type RateTold = (taken: Taken) => void

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
     * A turn and its stream. `told` is given the rate, also the one that refuses. Where there is room the permit has a place for
     * the run already, in the same step; with `mayBeginLater`, or not at all, it takes one only when the turn begins.
     */
    readonly turn: (
      principal: Beginner,
      told: RateTold,
      mayBeginLater: boolean,
    ) => Effect.Effect<TurnPermit, AdmissionRejected, Scope.Scope>
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

  const rate = Effect.fnUntraced(function* (principal: Beginner, told: RateTold) {
    let least = Number.POSITIVE_INFINITY
    for (const { of, reason, turns } of ratesOf(principal)) {
      const taken = yield* rates.take(of, turns)
      if (!taken.allowed || taken.remaining < least) told(taken)
      if (!taken.allowed) return yield* rejected(reason, taken.retryMs)
      least = taken.remaining < least ? taken.remaining : least
    }
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
    turn: (principal, told, mayBeginLater) =>
      Effect.andThen(
        Effect.andThen(inProcess, rate(principal, told)),
        Effect.map(permit(principal, mayBeginLater), ({ turn }) => turn),
      ),
  })
})
