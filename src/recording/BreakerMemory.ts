/**
 * The breakers' memory over restarts: before the first request the Monitor goes on where the last process ended, and
 * whatever it does from then on is measured, logged and written down, in order. A store that is away delays the writing,
 * never the Monitor.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Monitor, type NumberedTransition } from "../monitoring/Monitor.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as Measure from "../telemetry/Measure.ts"
import { Transitions } from "../store/Transitions.ts"

/** It holds in this process, and would not survive it. */
export class OrderNotKept extends Schema.TaggedError<OrderNotKept>()("OrderNotKept", {
  cause: Schema.Defect(),
}) {}

export class BreakerMemory extends Context.Service<
  BreakerMemory,
  {
    /** Waits until what has happened is written: an order that is acknowledged then survives the process. */
    readonly written: Effect.Effect<void, OrderNotKept>
  }
>()("crossfade/recording/BreakerMemory") {
  static readonly layer: Layer.Layer<BreakerMemory, StoreError, Monitor | Transitions> = Layer.effect(
    BreakerMemory,
    Effect.suspend(() => make),
  )
}

/** A minute in all: a database that is away for longer has lost a few entries, and says so in the log. */
const retries = Schedule.exponential("200 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 8 }))
/** The longest that a call of the store may take. */
const patience = "5 seconds"
const look = Schedule.spaced("5 millis")

const make = Effect.gen(function* () {
  const monitor = yield* Monitor
  const transitions = yield* Transitions
  /** The last transition of this process that was stored. */
  const stored = yield* Ref.make(0)

  const measure = Effect.flatMap(
    Effect.all([monitor.isFallbackEnabled, monitor.status]),
    ([fallback, { orgs, state }]) => Measure.breakers({ fallback, orgs, state }),
  )

  // Whatever goes wrong with one entry, the next one is written.
  const keep = ({ number, ours, transition }: NumberedTransition) =>
    Effect.logWarning(
      `the breaker of ${transition.orgId ?? "all"}: ${transition.from} -> ${transition.to}, ${transition.reason}`,
    ).pipe(
      Effect.andThen(measure),
      Effect.andThen(
        ours ? Measure.breakerMoved(transition.orgId === null ? "all" : "org", transition.to) : Effect.void,
      ),
      // Another replica's is written by that one.
      Effect.andThen(ours ? Effect.retry(transitions.add(transition), retries) : Effect.void),
      Effect.andThen(Ref.set(stored, number)),
      Effect.catchCause((cause) => Effect.logError("a transition of the breaker was not stored", cause)),
    )

  const written: BreakerMemory["Service"]["written"] = monitor.settledTransitions.pipe(
    Effect.repeat({ until: Predicate.isNotUndefined, schedule: look }),
    Effect.flatMap((last = 0) =>
      Effect.repeat(Ref.get(stored), { until: (number) => number >= last, schedule: look }),
    ),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(new OrderNotKept({ cause: "not stored in time" })),
    }),
    Effect.asVoid,
  )

  yield* monitor.restore(yield* transitions.last)
  const happening = yield* monitor.transitions
  // After the subscription: to read a breaker lets its time pass, which may make a transition.
  yield* measure
  yield* Effect.forkScoped(Stream.runForEach(happening, keep))
  return BreakerMemory.of({ written })
})
