import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { StoreError } from "../../src/store/StoreError.ts"
import * as Samples from "../../src/rollout/Samples.ts"
import { failingFrom, world, service, percentage, state, shown, pass, start } from "./guarding.ts"
import { run } from "./samples.ts"

describe("a guarded rollout after a restart or a failure", () => {
  it.effect("continues where the last process ended, with the runs that it had counted", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* Effect.provide(Effect.andThen(start(), pass(6)), service(kept), { local: true })
      const before = kept.autopilots.stored!.state.verdict!.runs.treatment
      assert.isAbove(before, 1000)
      yield* Effect.gen(function* () {
        yield* pass(1)
        const { verdict } = yield* state
        assert.isAbove(verdict!.runs.treatment, before)
        assert.isAtMost(verdict!.runs.treatment, 1260)
        yield* pass(4)
        assert.deepInclude(yield* shown, { status: "running", percentage: 20 })
      }).pipe(Effect.provide(service(kept), { local: true }))
    })
  })

  it.effect("applies a stored decision after a crash", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* Effect.provide(start(), service(kept), { local: true })
      const { state: decided } = kept.autopilots.stored!
      kept.autopilots.stored = {
        ...kept.autopilots.stored!,
        state: { ...decided, percentage: 20, applied: false },
      }
      yield* Effect.gen(function* () {
        yield* pass(1)
        assert.strictEqual(yield* percentage, 20)
        assert.isTrue((yield* state).applied)
      }).pipe(Effect.provide(service(kept), { local: true }))
    })
  })

  it.effect("uses the samples of the replica that wrote last", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* start()
      yield* pass(5)
      const stored = kept.autopilots.stored!
      assert.isAbove(stored.state.verdict!.runs.treatment, 800)
      const samples = Samples.store(Samples.empty())
      kept.autopilots.stored = { ...stored, version: stored.version + 1, samples }
      yield* pass(1)
      assert.isBelow((yield* state).verdict!.runs.treatment, 200)
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("reads a backlog at ten thousand runs per tick", () => {
    const at = { createdAt: 1 }
    const runs = Array.from({ length: 6000 }, (_, number) => [
      run("control", String(number), at),
      run("treatment", String(number), at),
    ]).flat()
    return Effect.gen(function* () {
      yield* start()
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual((yield* state).verdict?.runs, { treatment: 5000, control: 5000 })
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual((yield* state).verdict?.runs, { treatment: 6000, control: 6000 })
    }).pipe(Effect.provide(service(world(runs))))
  })

  it.effect("holds while the breaker is open, and counts no run of that time", () => {
    const kept = world(failingFrom(0))
    return Effect.gen(function* () {
      kept.fallback = true
      yield* start()
      yield* pass(15)
      assert.deepInclude(yield* shown, { status: "holding", percentage: 5 })
      assert.match((yield* state).reason, /the breaker keeps turns from the runtime/)
      assert.strictEqual((yield* state).verdict?.runs.treatment, 0)
      kept.fallback = false
      yield* pass(6)
      assert.deepInclude(yield* shown, { status: "rolled_back", percentage: 0 })
      assert.isBelow((yield* state).verdict!.runs.treatment, 1080)
    }).pipe(Effect.provide(service(kept)))
  })

  it.effect("retries a failing store and moves nothing meanwhile", () => {
    const kept = world()
    return Effect.gen(function* () {
      yield* start()
      kept.autopilots.fail = new StoreError({ operation: "Autopilots.latest", cause: "gone" })
      yield* pass(5)
      kept.autopilots.fail = undefined
      yield* pass(7)
      assert.deepInclude(yield* shown, { status: "running", percentage: 20 })
    }).pipe(Effect.provide(service(kept)))
  })
})
