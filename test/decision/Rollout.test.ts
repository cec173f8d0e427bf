import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { Rollout } from "../../src/decision/Rollout.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { RolloutStore } from "../../src/store/RolloutStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { orgId } from "../support/fixtures.ts"
import { memoryRollout, memoryRolloutStore, rolloutDefaults } from "../support/memoryRollout.ts"

const olga = { orgId, userId: "olga", requestId: "r1" }
const autopilot = { orgId: null, userId: "autopilot", requestId: null }

/** Calls of the Monitor, in order. */
type Thresholds = Array<Parameters<Monitor["Service"]["configure"]>[0]>

const service = (kept = memoryRollout(), store = memoryRolloutStore(kept), told: Thresholds = []) =>
  Rollout.layer(rolloutDefaults()).pipe(
    Layer.provide([
      store,
      Layer.mock(Monitor, { configure: (thresholds) => Effect.sync(() => void told.push(thresholds)) }),
    ]),
  )

const percentage = Effect.flatMap(Rollout, ({ current }) =>
  Effect.map(current, ({ settings }) => settings.percentage),
)

describe("Rollout", () => {
  it.effect("applies a successful change, and audits actor, action, reason, before and after", () => {
    const kept = memoryRollout()
    return Effect.gen(function* () {
      const rollout = yield* Rollout
      const changed = yield* rollout.change(olga, { percentage: 5 }, { reason: "first step" })
      assert.strictEqual(changed.settings.percentage, 5)
      assert.deepStrictEqual(yield* rollout.current, changed)
      assert.deepStrictEqual<unknown>(kept.audit, [
        {
          at: 0,
          by: olga,
          action: "rollout.change",
          reason: "first step",
          before: { percentage: 0 },
          after: { percentage: 5 },
        },
      ])
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("continues where the last process ended", () => {
    const kept = memoryRollout()
    return Effect.gen(function* () {
      yield* Effect.flatMap(Rollout, ({ change }) => change(autopilot, { percentage: 10 })).pipe(
        Effect.provide(service(kept)),
      )
      assert.strictEqual(yield* Effect.provide(percentage, service(kept)), 10)
    })
  })

  it.effect(
    "refuses a change whose If-Match is stale, returns the present validator, and stores nothing",
    () => {
      const kept = memoryRollout()
      return Effect.gen(function* () {
        const rollout = yield* Rollout
        const { etag } = yield* rollout.current
        const first = yield* rollout.change(olga, { percentage: 5 }, { ifMatch: etag })
        const refused = yield* Effect.flip(rollout.change(olga, { percentage: 50 }, { ifMatch: etag }))
        assert.deepInclude(refused, { _tag: "RolloutChanged", etag: first.etag })
        assert.strictEqual(yield* percentage, 5)
        assert.lengthOf(kept.audit, 1)
        yield* rollout.change(olga, { percentage: 50 }, { ifMatch: first.etag })
        assert.strictEqual(yield* percentage, 50)
      }).pipe(Effect.provide(service(kept)))
    },
  )

  it.effect("ignores an empty patch and adds no audit entry", () => {
    const kept = memoryRollout()
    return Effect.gen(function* () {
      const rollout = yield* Rollout
      const before = yield* rollout.current
      assert.deepStrictEqual(yield* rollout.change(olga, {}), before)
      assert.strictEqual(kept.stored.version, 0)
      assert.lengthOf(kept.audit, 0)
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("loses neither of two concurrent changes", () => {
    const kept = memoryRollout()
    return Effect.gen(function* () {
      const rollout = yield* Rollout
      yield* Effect.all(
        [rollout.change(olga, { percentage: 5 }), rollout.change(olga, { shadowPercentage: 7 })],
        { concurrency: "unbounded" },
      )
      const { settings, version } = yield* rollout.current
      assert.deepInclude(settings, { percentage: 5, shadowPercentage: 7 })
      assert.strictEqual(version, 2)
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("retries a change on top of a concurrent change of another replica", () => {
    const kept = memoryRollout()
    let raced = false
    const racing = Layer.effect(
      RolloutStore,
      Effect.map(RolloutStore, (store) => ({
        ...store,
        save: (...args: Parameters<(typeof store)["save"]>) =>
          Effect.suspend(() => {
            if (raced) return store.save(...args)
            raced = true
            const by = { value: 9, by: autopilot, at: 0 }
            kept.stored = { version: kept.stored.version + 1, operator: { shadowPercentage: by } }
            return store.save(...args)
          }),
      })),
    ).pipe(Layer.provide(memoryRolloutStore(kept)))
    return Effect.gen(function* () {
      const { settings, version } = yield* (yield* Rollout).change(olga, { percentage: 5 })
      assert.isTrue(raced)
      assert.deepInclude(settings, { percentage: 5, shadowPercentage: 9 })
      assert.strictEqual(version, 2)
    }).pipe(Effect.provide(service(kept, racing)))
  })

  it.effect("applies a change of another replica within a second, also after a store failure", () => {
    const kept = memoryRollout()
    const elsewhere = (value: number) => {
      kept.stored = {
        version: kept.stored.version + 1,
        operator: { percentage: { value, by: olga, at: 0 } },
      }
    }
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 second")
      elsewhere(30)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* percentage, 30)

      kept.fail = new StoreError({ operation: "RolloutStore.changedSince", cause: "gone" })
      yield* TestClock.adjust("20 seconds")
      elsewhere(40)
      assert.strictEqual(yield* percentage, 30)
      kept.fail = undefined
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* percentage, 40)
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect(
    "configures the Monitor's thresholds at the start, after a change, and after another replica's change",
    () => {
      const kept = memoryRollout()
      const told: Thresholds = []
      const strict = { errorRate: 0.1, timeoutRate: 0.1, latencyRatio: 0.1, minSamples: 5 }
      return Effect.gen(function* () {
        const rollout = yield* Rollout
        const initial = (yield* rollout.current).settings.thresholds
        assert.deepStrictEqual(told.splice(0), [initial])
        yield* rollout.change(olga, { thresholds: strict })
        assert.deepStrictEqual(told.at(-1), strict)
        kept.stored = { version: kept.stored.version + 1, operator: {} }
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(told.at(-1), initial)
      }).pipe(Effect.provide(service(kept, memoryRolloutStore(kept), told)))
    },
  )

  it.effect("does not apply a change that the store rejects", () => {
    const kept = memoryRollout()
    return Effect.gen(function* () {
      const rollout = yield* Rollout
      kept.fail = new StoreError({ operation: "RolloutStore.load", cause: "gone" })
      assert.strictEqual((yield* Effect.flip(rollout.change(olga, { percentage: 5 })))._tag, "StoreError")
      assert.strictEqual(yield* percentage, 0)
    }).pipe(Effect.provide(service(kept)))
  })
})
