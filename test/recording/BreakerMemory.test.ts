import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { OrgId } from "../../src/domain/Ids.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import type { ScopedTransition } from "../../src/monitoring/breaker/Transition.ts"
import { Replica, ReplicaId } from "../../src/platform/Replica.ts"
import { BreakerMemory } from "../../src/recording/BreakerMemory.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { Transitions } from "../../src/store/Transitions.ts"
import { settle } from "../execution/scripted.ts"
import { memoryNotifications, newNotifications } from "../support/memoryNotifications.ts"
import { monitorSettings, orgId, otherOrgId, sessionId } from "../support/fixtures.ts"

/** A store that fails `failures` times before it accepts a transition. */
const store = (kept: Array<ScopedTransition>, failures = 0) => {
  let left = failures
  return Layer.mock(Transitions, {
    add: (transition) =>
      Effect.suspend(() =>
        left-- > 0
          ? Effect.fail(new StoreError({ operation: "Transitions.add", cause: "away" }))
          : Effect.sync(() => void kept.push(transition)),
      ),
    last: Effect.sync(() => [...new Map(kept.map((entry) => [entry.orgId, entry])).values()]),
  })
}

const replica = Layer.succeed(Replica, { id: ReplicaId.make("replica-1") })

/** A process with this store: its Monitor and its memory. */
const process = (
  kept: Array<ScopedTransition>,
  failures = 0,
  notifications = newNotifications(),
  layer = store(kept, failures),
) =>
  BreakerMemory.layer.pipe(
    Layer.provideMerge(Monitor.layer(monitorSettings)),
    Layer.provide([layer, memoryNotifications(notifications), replica]),
  )

const forced = { mode: "runtime_orchestrator", by: "ops", reason: "drill", expiresAt: null } as const

const trip = Effect.gen(function* () {
  const monitor = yield* Monitor
  const failed = { orgId, mode: "runtime_orchestrator", outcome: "error", latencyMs: 10 } as const
  yield* Effect.repeat(monitor.record(failed), { times: 9 })
  assert.strictEqual((yield* monitor.status).state, "open")
  yield* settle
})

describe("the breakers' memory", () => {
  it.effect(
    "an open breaker is still open after a restart, with its reason, and so is an operator override",
    () => {
      const kept: Array<ScopedTransition> = []
      return Effect.gen(function* () {
        const before = yield* Effect.gen(function* () {
          yield* trip
          const monitor = yield* Monitor
          yield* monitor.setOverride(forced, "ops: drill", otherOrgId)
          yield* settle
          return yield* monitor.status
        }).pipe(Effect.provide(process(kept)))
        yield* TestClock.adjust("10 seconds")
        yield* Effect.gen(function* () {
          const monitor = yield* Monitor
          const after = yield* monitor.status
          assert.deepInclude(after, { state: "open", reason: before.reason, since: before.since })
          assert.strictEqual((yield* monitor.admit(orgId, sessionId)).allowed, "no")
          assert.deepInclude(yield* monitor.override(otherOrgId), forced)
          assert.isUndefined(yield* monitor.override(orgId))
        }).pipe(Effect.provide(process(kept)))
      })
    },
  )

  it.effect("a reset survives a restart: no older state returns", () => {
    const kept: Array<ScopedTransition> = []
    return Effect.gen(function* () {
      yield* trip.pipe(
        Effect.andThen(Effect.flatMap(Monitor, (monitor) => monitor.reset("mended"))),
        Effect.andThen(settle),
        Effect.provide(process(kept)),
      )
      yield* Effect.flatMap(Monitor, (monitor) =>
        Effect.map(monitor.status, ({ state }) => assert.strictEqual(state, "closed")),
      ).pipe(Effect.provide(process(kept)))
    })
  })

  it.effect("an operator override that expired meanwhile has ended", () => {
    const kept: Array<ScopedTransition> = []
    return Effect.gen(function* () {
      yield* Effect.flatMap(Monitor, (monitor) =>
        monitor.setOverride({ ...forced, expiresAt: 60_000 }, "ops: drill"),
      ).pipe(Effect.andThen(settle), Effect.provide(process(kept)))
      yield* TestClock.adjust("2 minutes")
      yield* Effect.flatMap(Monitor, (monitor) =>
        Effect.map(monitor.status, (status) => assert.deepInclude(status, { state: "closed", forced: null })),
      ).pipe(Effect.andThen(settle), Effect.provide(process(kept)))
      assert.deepStrictEqual(
        kept.map(({ to }) => to),
        ["forced_runtime", "closed"],
      )
    })
  })

  it.effect("announces an override and its expiry once, also over a restart", () => {
    const kept: Array<ScopedTransition> = []
    const notifications = newNotifications()
    const life = <A, E>(effect: Effect.Effect<A, E, Monitor>) =>
      Effect.provide(Effect.andThen(effect, settle), process(kept, 0, notifications))
    const shown = () => notifications.announced.map(({ by, kind, orgId: of }) => [kind, of, by])
    return Effect.gen(function* () {
      yield* life(
        Monitor.use(({ setOverride }) =>
          setOverride({ ...forced, expiresAt: 60_000 }, "ops: drill", otherOrgId, "ops"),
        ),
      )
      yield* TestClock.adjust("30 seconds")
      yield* life(Monitor.use(({ status }) => status))
      assert.deepStrictEqual(shown(), [["override.set", otherOrgId, "ops"]])
      yield* TestClock.adjust("31 seconds")
      yield* life(Monitor.use(({ status }) => status))
      yield* life(Monitor.use(({ status }) => status))
      assert.deepStrictEqual(shown().slice(1), [["override.expired", otherOrgId, null]])
      assert.include(notifications.announced[1]?.text, "after 1 min 1 s. ops had set it: drill.")
      assert.isEmpty(notifications.observed)
    })
  })

  it.effect(
    "announces that a breaker opened and was closed by an operator, and not again after a restart",
    () => {
      const kept: Array<ScopedTransition> = []
      const notifications = newNotifications()
      return Effect.gen(function* () {
        yield* Effect.andThen(
          trip,
          Monitor.use(({ reset }) => reset("reset by ops", undefined, "ops")),
        ).pipe(Effect.andThen(settle), Effect.provide(process(kept, 0, notifications)))
        yield* Effect.provide(
          Effect.andThen(
            Monitor.use(({ status }) => status),
            settle,
          ),
          process(kept, 0, notifications),
        )
        assert.deepStrictEqual(
          notifications.announced.map(({ by, kind }) => [kind, by]),
          [
            ["breaker.opened", null],
            ["breaker.closed", "ops"],
          ],
        )
      })
    },
  )

  it.effect("announces a reset of many organisations once", () => {
    const kept: Array<ScopedTransition> = []
    const notifications = newNotifications()
    const forcedAll = Array.from({ length: 3 }, (_, index) => OrgId.make(`org-${index}`))
    return Effect.gen(function* () {
      const monitor = yield* Monitor
      const failed = { mode: "runtime_orchestrator", outcome: "error", latencyMs: 10 } as const
      const works = { mode: "runtime_orchestrator", outcome: "success", latencyMs: 10 } as const
      for (let n = 0; n < 40; n++)
        for (const org of ["a", "b", "c", "d", "e", "f", "g", "h"])
          yield* monitor.record({ ...works, orgId: OrgId.make(org) })
      for (const org of forcedAll)
        yield* Effect.repeat(monitor.record({ ...failed, orgId: org }), { times: 9 })
      assert.deepStrictEqual(
        (yield* monitor.status).orgs.map(({ state }) => state),
        ["open", "open", "open"],
      )
      yield* settle
      const before = notifications.announced.length
      yield* monitor.reset("reset by ops", undefined, "ops")
      yield* settle
      assert.deepStrictEqual(
        notifications.announced.slice(before).map(({ text }) => text),
        ["The breakers of 3 organisations closed: reset by ops."],
      )
      assert.lengthOf(kept, 6)
    }).pipe(Effect.provide(process(kept, 0, notifications)))
  })

  it.effect("reports when an operator override is stored, and when that fails", () => {
    const kept: Array<ScopedTransition> = []
    const order = Effect.gen(function* () {
      const monitor = yield* Monitor
      const memory = yield* BreakerMemory
      yield* monitor.setOverride(forced, "ops: drill")
      const waiting = yield* Effect.forkChild(Effect.exit(memory.written))
      yield* settle
      yield* TestClock.adjust("6 seconds")
      yield* settle
      return yield* Fiber.join(waiting)
    })
    return Effect.gen(function* () {
      const written = yield* Effect.provide(order, process(kept))
      assert.isTrue(Exit.isSuccess(written))
      assert.lengthOf(kept, 1)
      const late = yield* Effect.provide(order, process(kept, 100))
      assert.isTrue(Exit.isFailure(late))
      assert.lengthOf(kept, 1)
    })
  })

  it.effect("continues after a defect in one entry, and after more entries than its buffer holds", () => {
    const kept: Array<ScopedTransition> = []
    let calls = 0
    const faulty = Layer.mock(Transitions, {
      add: (transition) =>
        Effect.suspend(() =>
          ++calls === 1 ? Effect.die("a bug") : Effect.sync(() => kept.push(transition)),
        ),
      last: Effect.succeed([]),
    })
    const layer = process(kept, 0, newNotifications(), faulty)
    return Effect.gen(function* () {
      const monitor = yield* Monitor
      const memory = yield* BreakerMemory
      yield* monitor.setOverride(forced, "the first")
      yield* settle
      // All at once, so that the oldest of them are never looked at.
      for (let n = 0; n < 1500; n++) yield* monitor.setOverride(forced, `number ${n}`)
      const waiting = yield* Effect.forkChild(Effect.exit(memory.written))
      for (let n = 0; n < 400; n++) yield* Effect.andThen(TestClock.adjust(5), settle)
      assert.isTrue(Exit.isSuccess(yield* Fiber.join(waiting)))
      assert.strictEqual(kept.at(-1)?.reason, "number 1499")
    }).pipe(Effect.provide(layer))
  })

  it.effect("a store that is away for a while gets every transition, in order, and delays no news", () => {
    const kept: Array<ScopedTransition> = []
    const notifications = newNotifications()
    return Effect.gen(function* () {
      yield* trip
      yield* Effect.flatMap(Monitor, (monitor) => monitor.reset("mended"))
      yield* settle
      assert.isEmpty(kept)
      assert.deepStrictEqual(
        notifications.announced.map(({ kind }) => kind),
        ["breaker.opened", "breaker.closed"],
      )
      yield* TestClock.adjust("10 seconds")
      yield* settle
      assert.deepStrictEqual(
        kept.map(({ from, to }) => [from, to]),
        [
          ["closed", "open"],
          ["open", "closed"],
        ],
      )
    }).pipe(Effect.provide(process(kept, 3, notifications)))
  })
})
