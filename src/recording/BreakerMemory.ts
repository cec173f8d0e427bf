/**
 * The breakers' memory over restarts: before the first request the Monitor goes on where the last process ended, and
 * whatever it does from then on is written down. A store that is away delays the writing, never the Monitor.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { Monitor } from "../monitoring/Monitor.ts"
import type { ScopedTransition } from "../monitoring/Transition.ts"
import { Transitions } from "./Transitions.ts"

/** A minute in all: a database that is away for longer has lost a few entries, and says so in the log. */
const retries = Schedule.exponential("200 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 8 }))

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const monitor = yield* Monitor
    const transitions = yield* Transitions
    const keep = (transition: ScopedTransition) =>
      Effect.logWarning(
        `the breaker of ${transition.orgId ?? "all"}: ${transition.from} -> ${transition.to}, ${transition.reason}`,
      ).pipe(
        Effect.andThen(transitions.add(transition)),
        Effect.retry(retries),
        Effect.catch((error) => Effect.logError("a transition of the breaker was not stored", error)),
      )
    yield* monitor.restore(yield* transitions.last)
    const happening = yield* monitor.transitions
    yield* Effect.forkScoped(Stream.runForEach(happening, keep))
  }),
)
