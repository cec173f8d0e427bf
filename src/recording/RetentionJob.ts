/**
 * The job beside the turns that lets the store forget what is older than it is kept for (`Retention`): once an hour, on
 * the replica that comes first. Two that do it at once, by clocks that differ, do no harm: what is gone is gone.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { RunId } from "../domain/Ids.ts"
import { turnKeyLifeMs } from "../domain/TurnKey.ts"
import { Retention } from "../store/Retention.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as Loop from "../telemetry/Loop.ts"

const dayMs = 24 * 60 * 60 * 1000
/** Budgets need the current day; the other days are for reports. */
const spendDays = 90
/** A service that has just started has better things to do. */
const firstAfter = "1 minute"
const every = Schedule.spaced("1 hour")
/** A little less, so that its holder keeps it while it lives, and another has it within the hour when it dies. */
const heldMs = 59 * 60_000
/** Between two steps: the database's other users, and its log, get this time for themselves. */
const pause = "50 millis"

/** `eventDays`: how long the events of an ended run are kept; 0: for ever. */
export const layer = (eventDays: number): Layer.Layer<never, never, Retention> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const retention = yield* Retention

      const forgetEvents = (endedBefore: number, after?: RunId): Effect.Effect<void, StoreError> =>
        Effect.flatMap(retention.forgetEvents(endedBefore, after), (next) =>
          next === undefined
            ? Effect.void
            : Effect.andThen(
                Effect.sleep(pause),
                Effect.suspend(() => forgetEvents(endedBefore, next)),
              ),
        )

      const stepByStep = (step: Effect.Effect<boolean, StoreError>) =>
        step.pipe(Effect.tap(Effect.sleep(pause)), Effect.repeat({ while: (more) => more }))

      const pass = Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        if (!(yield* retention.claim(now, now + heldMs))) return
        yield* stepByStep(retention.forgetKeys(now - turnKeyLifeMs))
        yield* stepByStep(retention.forgetSpend(Math.floor(now / dayMs) - spendDays))
        if (eventDays > 0) yield* forgetEvents(now - eventDays * dayMs)
      })

      yield* Effect.forkScoped(Effect.delay(Loop.every("retention", every, pass), firstAfter))
    }),
  )
