/**
 * The breakers' memory over restarts. Before the first request it restores the Monitor's last state; afterwards it
 * measures, announces and stores each transition in order. A store that is away delays only the writing.
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
import type { News } from "../domain/Notification.ts"
import type { OperatorOverride } from "../monitoring/breaker/OperatorOverride.ts"
import { Notifications } from "../notify/Notifications.ts"
import { Replica } from "../platform/Replica.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as Measure from "../telemetry/Measure.ts"
import { Transitions } from "../store/Transitions.ts"
import * as BreakerNews from "./BreakerNews.ts"

/** The operator override applies in this process but would not survive a restart. */
export class OverrideNotStored extends Schema.TaggedError<OverrideNotStored>()("OverrideNotStored", {
  cause: Schema.Defect(),
}) {}

export class BreakerMemory extends Context.Service<
  BreakerMemory,
  {
    /** Waits until all transitions are stored, so that an acknowledged override survives the process. */
    readonly written: Effect.Effect<void, OverrideNotStored>
  }
>()("crossfade/recording/BreakerMemory") {
  static readonly layer: Layer.Layer<
    BreakerMemory,
    StoreError,
    Monitor | Notifications | Replica | Transitions
  > = Layer.effect(
    BreakerMemory,
    Effect.suspend(() => make),
  )
}

/** A minute in total. After a longer outage of the database a few entries are lost, and the log says so. */
const retries = Schedule.exponential("200 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 8 }))
/** The longest time for one call of the store. */
const writeTimeout = "5 seconds"
const pollInterval = Schedule.spaced("5 millis")

/** Announces the news in transitions that happen together. The other transitions are a log line each. */
const makeAnnouncer = Effect.gen(function* () {
  const notifications = yield* Notifications
  const replica = yield* Replica
  /** The present override of each scope: a transition has only the one after it. */
  const overrides = new Map<string | null, OperatorOverride>()

  const remember = (orgId: string | null, forced: OperatorOverride | null): void => {
    if (forced === null) overrides.delete(orgId)
    else overrides.set(orgId, forced)
  }

  const announce = Effect.fnUntraced(function* (
    settled: ReadonlyArray<NumberedTransition>,
    directConfigured: boolean,
  ) {
    const events: Array<{ readonly news: News; readonly ours: boolean; readonly at: number }> = []
    for (const { alone, ours, transition } of settled) {
      const { at, forced, from, orgId, reason, to } = transition
      const before = overrides.get(orgId)
      remember(orgId, forced)
      const news = BreakerNews.of(transition, { before, alone: alone && replica.id, directConfigured })
      if (news === undefined)
        yield* Effect.logWarning(`the breaker of ${orgId ?? "all"}: ${from} -> ${to}, ${reason}`)
      else events.push({ news, ours, at })
    }
    for (const { at, news, ours } of BreakerNews.merged(events))
      yield* ours ? notifications.announce(news) : notifications.observe(news, at)
  })

  return { announce, remember }
})

const make = Effect.gen(function* () {
  const { announce, remember } = yield* makeAnnouncer
  const monitor = yield* Monitor
  const transitions = yield* Transitions
  /** The number of this process's last stored transition. */
  const stored = yield* Ref.make(0)

  const measure = Effect.flatMap(
    Effect.all([monitor.isFallbackEnabled, monitor.status]),
    ([fallback, { directConfigured, orgs, state }]) =>
      Effect.as(Measure.breakers({ fallback, orgs, state }), directConfigured),
  )

  /** In its own fiber, because a store that is away must not delay an announcement. */
  const announceGroup = Effect.fnUntraced(
    function* (settled: ReadonlyArray<NumberedTransition>) {
      yield* announce(settled, yield* measure)
      for (const { ours, transition } of settled)
        if (ours) yield* Measure.breakerMoved(transition.orgId === null ? "all" : "org", transition.to)
    },
    Effect.catchCause((cause) => Effect.logError("a transition of the breaker was not announced", cause)),
  )

  /** The replica that made a transition stores it. An error of one entry does not stop the next. */
  const store = ({ number, ours, transition }: NumberedTransition) =>
    (ours ? Effect.retry(transitions.add(transition), retries) : Effect.void).pipe(
      Effect.andThen(Ref.set(stored, number)),
      Effect.catchCause((cause) => Effect.logError("a transition of the breaker was not stored", cause)),
    )

  const written: BreakerMemory["Service"]["written"] = monitor.settledTransitions.pipe(
    Effect.repeat({ until: Predicate.isNotUndefined, schedule: pollInterval }),
    Effect.flatMap((last = 0) =>
      Effect.repeat(Ref.get(stored), { until: (number) => number >= last, schedule: pollInterval }),
    ),
    Effect.timeoutOrElse({
      duration: writeTimeout,
      orElse: () => Effect.fail(new OverrideNotStored({ cause: "not stored in time" })),
    }),
    Effect.asVoid,
  )

  const last = yield* transitions.last
  for (const { forced, orgId } of last) remember(orgId, forced)
  yield* monitor.restore(last)
  const [toAnnounce, toStore] = [yield* monitor.transitions, yield* monitor.transitions]
  // After the subscription, because to read a breaker advances its time, which may cause a transition.
  yield* measure
  yield* Effect.forkScoped(Stream.runForEach(toAnnounce, announceGroup))
  yield* Effect.forkScoped(Stream.runForEach(toStore, Effect.forEach(store)))
  return BreakerMemory.of({ written })
})
