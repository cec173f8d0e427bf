/**
 * The background job that deletes old data (`Retention`) once an hour on one replica. Two replicas with different
 * clocks may run it at the same time without harm.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { RunId } from "../domain/Ids.ts"
import { type MessageRetention, type RetainedOrgs, rulesOf } from "../domain/MessageRetention.ts"
import { turnKeyLifeMs } from "../domain/TurnKey.ts"
import { Retention, type SessionPosition } from "../store/Retention.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as Loop from "../telemetry/Loop.ts"

const dayMs = 24 * 60 * 60 * 1000
/** Budgets need the current day; the other days are for reports. */
const spendDays = 90
/** A client repeats a deletion for much less. */
const deletedIdDays = 30
/** Gives a service that has just started time for its first turns. */
const firstAfter = "1 minute"
const every = Schedule.spaced("1 hour")
/**
 * A little less than an hour, so that its holder renews it in time, and another replica takes over within the hour
 * after its death.
 */
const heldMs = 59 * 60_000
/** Between two steps: gives the database's other users, and its log, time. */
const pause = "50 millis"

export interface Settings {
  /** Days to store the events of an ended run; 0 means forever. */
  readonly eventDays: number
  readonly messages: MessageRetention
}

export const layer = ({ eventDays, messages }: Settings): Layer.Layer<never, never, Retention> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const retention = yield* Retention

      const deleteEvents = (endedBefore: number, after?: RunId): Effect.Effect<void, StoreError> =>
        Effect.flatMap(retention.deleteEvents(endedBefore, after), (next) =>
          next === undefined
            ? Effect.void
            : Effect.andThen(
                Effect.sleep(pause),
                Effect.suspend(() => deleteEvents(endedBefore, next)),
              ),
        )

      const deleteMessages = Effect.fnUntraced(function* (orgs: RetainedOrgs, endedBefore: number) {
        let after: SessionPosition | undefined
        do {
          after = yield* retention.deleteMessages(orgs, endedBefore, after)
          yield* Effect.sleep(pause)
        } while (after !== undefined)
      })

      const stepByStep = (step: Effect.Effect<boolean, StoreError>) =>
        step.pipe(Effect.tap(Effect.sleep(pause)), Effect.repeat({ while: (more) => more }))

      const pass = Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        if (!(yield* retention.claim(now, now + heldMs))) return
        yield* stepByStep(retention.deleteKeys(now - turnKeyLifeMs))
        yield* stepByStep(retention.deleteIds(now - deletedIdDays * dayMs))
        yield* stepByStep(retention.deleteSpend(Math.floor(now / dayMs) - spendDays))
        for (const { days, orgs } of rulesOf(messages)) yield* deleteMessages(orgs, now - days * dayMs)
        if (eventDays > 0) yield* deleteEvents(now - eventDays * dayMs)
      })

      yield* Loop.every("retention", every, pass, firstAfter)
    }),
  )
