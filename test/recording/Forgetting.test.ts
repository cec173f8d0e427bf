import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import type { RunId } from "../../src/domain/Ids.ts"
import * as Forgetting from "../../src/recording/Forgetting.ts"
import { Retention } from "../../src/recording/Retention.ts"
import { StoreError } from "../../src/recording/StoreError.ts"
import { runIdOf } from "../support/fixtures.ts"

const day = 86_400_000
const start = 100 * day

/** A store with three runs to forget and two steps of keys. */
const store = () => {
  const asked = { events: [] as Array<readonly [number, RunId | undefined]>, keys: [] as Array<number> }
  const state = { away: false }
  const steps = [runIdOf(1), runIdOf(2), undefined]
  const down = new StoreError({ operation: "Retention.forgetKeys", cause: "down" })
  const layer = Layer.succeed(Retention, {
    forgetEvents: (before, after) =>
      Effect.sync(() => {
        asked.events.push([before, after])
        return steps[after === undefined ? 0 : steps.indexOf(after) + 1]
      }),
    forgetKeys: (before) =>
      Effect.suspend(() => {
        asked.keys.push(before)
        return state.away ? Effect.fail(down) : Effect.succeed(asked.keys.length === 1)
      }),
  })
  return { asked, state, layer }
}

const holding = (kept: ReturnType<typeof store>, eventDays: number, isHolder = Effect.succeed(true)) =>
  Layer.provide(Forgetting.layer({ eventDays, isHolder }), kept.layer)

describe("the job that forgets", () => {
  it.effect("goes from step to step until nothing older is left, each hour anew", () => {
    const kept = store()
    return Effect.gen(function* () {
      yield* TestClock.setTime(start)
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("59 seconds")
        assert.deepStrictEqual(kept.asked, { events: [], keys: [] })
        for (let step = 0; step < 20; step++) yield* TestClock.adjust("50 millis")
        yield* TestClock.adjust("1 seconds")
        const began = start + 60_000
        const before = began - 30 * day
        assert.deepStrictEqual(kept.asked.keys, [began - day, began - day])
        assert.deepStrictEqual(kept.asked.events, [
          [before, undefined],
          [before, runIdOf(1)],
          [before, runIdOf(2)],
        ])
        yield* TestClock.adjust("1 hour")
        assert.lengthOf(kept.asked.keys, 3)
      }).pipe(Effect.provide(holding(kept, 30)))
    })
  })

  it.effect("keeps events for ever with 0 days, and leaves all to the replica that holds the job", () => {
    const kept = store()
    const another = store()
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      yield* TestClock.adjust("1 second")
      assert.isAbove(kept.asked.keys.length, 0)
      assert.deepStrictEqual(kept.asked.events, [])
      assert.deepStrictEqual(another.asked, { events: [], keys: [] })
    }).pipe(Effect.provide([holding(kept, 0), holding(another, 30, Effect.succeed(false))]))
  })

  it.effect("goes on after a store that was away", () => {
    const kept = store()
    kept.state.away = true
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(kept.asked.keys, 1)
      kept.state.away = false
      yield* TestClock.adjust("1 hour")
      yield* TestClock.adjust("1 second")
      assert.isAbove(kept.asked.events.length, 0)
    }).pipe(Effect.provide(holding(kept, 30)))
  })
})
