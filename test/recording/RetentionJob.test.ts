import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { RunId } from "../../src/domain/Ids.ts"
import type { MessageRetention, RetainedOrgs } from "../../src/domain/MessageRetention.ts"
import * as RetentionJob from "../../src/recording/RetentionJob.ts"
import { Retention, type SessionPosition } from "../../src/store/Retention.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { runIdOf, sessionId, userId } from "../support/fixtures.ts"

const day = 86_400_000
const start = 100 * day
const position = { userId, id: sessionId }

/** A store with three runs to delete and two steps of keys. */
const store = () => {
  const asked = {
    events: [] as Array<readonly [number, RunId | undefined]>,
    keys: [] as Array<number>,
    days: [] as Array<number>,
    ids: [] as Array<number>,
    messages: [] as Array<readonly [RetainedOrgs, number, SessionPosition | undefined]>,
  }
  const state = { away: false, heldUntil: 0 }
  const steps = [runIdOf(1), runIdOf(2), undefined]
  const down = new StoreError({ operation: "Retention.deleteKeys", cause: "down" })
  const layer = Layer.succeed(Retention, {
    claim: (now, until) =>
      Effect.sync(() => {
        if (state.heldUntil > now) return false
        state.heldUntil = until
        return true
      }),
    deleteEvents: (before, after) =>
      Effect.sync(() => {
        asked.events.push([before, after])
        return steps[after === undefined ? 0 : steps.indexOf(after) + 1]
      }),
    deleteKeys: (before) =>
      Effect.suspend(() => {
        asked.keys.push(before)
        return state.away ? Effect.fail(down) : Effect.succeed(asked.keys.length === 1)
      }),
    deleteIds: (before) =>
      Effect.sync(() => {
        asked.ids.push(before)
        return false
      }),
    deleteMessages: (orgs, before, after) =>
      Effect.sync(() => {
        asked.messages.push([orgs, before, after])
        return after === undefined ? position : undefined
      }),
    deleteSpend: (before) =>
      Effect.sync(() => {
        asked.days.push(before)
        return asked.days.length === 1
      }),
  })
  return { asked, state, layer }
}

const forever = { days: 0, orgs: new Map<string, number>() }

const on = (kept: ReturnType<typeof store>, eventDays = 30, messages: MessageRetention = forever) =>
  Layer.provide(RetentionJob.layer({ eventDays, messages }), kept.layer)

describe("the retention job", () => {
  it.effect("deletes step by step until nothing older is left, every hour", () => {
    const kept = store()
    return Effect.gen(function* () {
      yield* TestClock.setTime(start)
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("59 seconds")
        assert.deepStrictEqual(kept.asked, { events: [], keys: [], days: [], ids: [], messages: [] })
        for (let step = 0; step < 20; step++) yield* TestClock.adjust("50 millis")
        yield* TestClock.adjust("1 seconds")
        const began = start + 60_000
        const before = began - 30 * day
        assert.deepStrictEqual(kept.asked.keys, [began - day, began - day])
        assert.deepStrictEqual(kept.asked.days, [10, 10])
        assert.deepStrictEqual(kept.asked.events, [
          [before, undefined],
          [before, runIdOf(1)],
          [before, runIdOf(2)],
        ])
        yield* TestClock.adjust("1 hour")
        assert.lengthOf(kept.asked.keys, 3)
      }).pipe(Effect.provide(on(kept)))
    })
  })

  it.effect("deletes messages by the days of their organisation, and never at 0 days", () => {
    const kept = store()
    const orgs = new Map([
      ["acme", 3],
      ["globex", 0],
    ])
    return Effect.gen(function* () {
      yield* TestClock.setTime(start)
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("1 minute")
        yield* TestClock.adjust("1 second")
        const began = start + 60_000
        const others = { except: ["acme", "globex"] }
        assert.deepStrictEqual(kept.asked.messages, [
          [others, began - 5 * day, undefined],
          [others, began - 5 * day, position],
          [{ orgId: "acme" }, began - 3 * day, undefined],
          [{ orgId: "acme" }, began - 3 * day, position],
        ])
        assert.deepStrictEqual(kept.asked.ids, [began - 30 * day])
      }).pipe(Effect.provide(on(kept, 0, { days: 5, orgs })))
    })
  })

  it.effect("keeps events without end at 0 days", () => {
    const kept = store()
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      yield* TestClock.adjust("1 second")
      assert.isAbove(kept.asked.keys.length, 0)
      assert.deepStrictEqual(kept.asked.events, [])
    }).pipe(Effect.provide(on(kept, 0)))
  })

  it.effect("runs in one of two replicas, and in the other if that one is gone", () => {
    const kept = store()
    return Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const first = yield* Scope.make()
      yield* Layer.buildWithScope(on(kept), first)
      yield* TestClock.adjust("30 minutes")
      yield* Layer.build(on(kept))
      for (let minute = 0; minute < 3 * 60; minute++) yield* TestClock.adjust("1 minute")
      const times = () => new Set(kept.asked.keys)
      // At the first minute of each hour; the steps take some milliseconds.
      const minutes = [...times()].map((time) => Math.round((time + day - start) / 60_000))
      assert.deepStrictEqual(minutes, [1, 61, 121, 181])
      yield* Scope.close(first, Exit.void)
      yield* TestClock.adjust("1 hour")
      yield* TestClock.adjust("1 hour")
      assert.isAbove(times().size, 4)
    }).pipe(Effect.scoped)
  })

  it.effect("continues after the store was unavailable", () => {
    const kept = store()
    kept.state.away = true
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(kept.asked.keys, 1)
      kept.state.away = false
      yield* TestClock.adjust("1 hour")
      yield* TestClock.adjust("1 second")
      assert.isAbove(kept.asked.events.length, 0)
    }).pipe(Effect.provide(on(kept)))
  })
})
