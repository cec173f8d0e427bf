/**
 * The limits that a request meets before any work is done for it; the cheapest first: the streams of this process, the rate of the
 * API key, of the user and of the organisation, the open streams of the last two.
 *
 * Invariant: what a refusal or the end of the scope leaves behind is one spent turn of a rate at the most, never a stream.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Measure from "../telemetry/Measure.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import type { Principal } from "../domain/Principal.ts"
import { keysOf, OpenStreams, type Owner } from "./OpenStreams.ts"
import { Rates } from "./Rates.ts"
import type { Taken } from "./TokenBucket.ts"

export class AdmissionRejected extends Schema.TaggedError<AdmissionRejected>()("AdmissionRejected", {
  reason: Schema.Literals(["process", "key_rate", "user_rate", "org_rate", "user_streams", "org_streams"]),
  /** Seconds. */
  retryAfter: Schema.Int,
}) {}

/** The strictest of the rates, as it is after the turn; none where it was not asked. */
export type RateTold = (taken: Taken) => void

type Beginner = Owner & Pick<Principal, "key">

export interface Limits {
  readonly userTurns: number
  readonly orgTurns: number
  readonly userStreams: number
  readonly orgStreams: number
  /** Of this process. */
  readonly streams: number
}

export class Admission extends Context.Service<
  Admission,
  {
    /** A stream that only reads: it costs no turn. It counts until the scope closes. */
    readonly stream: (owner: Owner) => Effect.Effect<void, AdmissionRejected, Scope.Scope>
    /** A turn and its stream. `told` hears of the rate, also of the one that refuses. */
    readonly turn: (
      principal: Beginner,
      told: RateTold,
    ) => Effect.Effect<void, AdmissionRejected, Scope.Scope>
  }
>()("crossfade/admission/Admission") {
  static readonly layer = (limits: Limits): Layer.Layer<Admission, never, OpenStreams | Rates> =>
    Layer.effect(Admission, make(limits))
}

/** A bucket and its size. */
interface Rate {
  readonly of: string
  readonly turns: number
  readonly reason: AdmissionRejected["reason"]
}

/** Another one ends any moment, but not for everybody who waits. */
const streamSeconds = 2

const rejected = (reason: AdmissionRejected["reason"], retryAfter: number) =>
  Effect.andThen(Measure.refused(reason), Effect.fail(new AdmissionRejected({ reason, retryAfter })))

const make = Effect.fnUntraced(function* (limits: Limits) {
  const rates = yield* Rates
  const streams = yield* OpenStreams
  let open = 0

  yield* catalogue.streamsOpen.observe({}, () => open)

  const inProcess = Effect.flatMap(Effect.scope, (scope) => {
    let entered = false
    const leave = Effect.sync(() => {
      if (entered) open -= 1
    })
    const enter = Effect.suspend(() => {
      if (open >= limits.streams) return rejected("process", streamSeconds)
      open += 1
      entered = true
      return Effect.void
    })
    // Before it is counted: an interruption may come between any two steps.
    return Effect.andThen(Scope.addFinalizer(scope, leave), enter)
  })

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
      if (!taken.allowed) return yield* rejected(reason, seconds(taken.retryMs))
      least = taken.remaining < least ? taken.remaining : least
    }
  })

  const caps = { user: limits.userStreams, org: limits.orgStreams }
  const inFleet = (owner: Owner) =>
    Effect.catch(streams.open(owner, caps), (tooMany) => rejected(`${tooMany.of}_streams`, streamSeconds))

  return Admission.of({
    stream: (owner) => Effect.andThen(inProcess, inFleet(owner)),
    turn: (principal, told) =>
      Effect.andThen(Effect.andThen(inProcess, rate(principal, told)), inFleet(principal)),
  })
})

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))
