import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import * as BaselineMemory from "../../src/recording/BaselineMemory.ts"
import { Baselines, type StoredBaseline } from "../../src/store/Baselines.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { monitorSettings, orgId, sessionId } from "../support/fixtures.ts"

const runtime = "http://runtime.example/v1"

/** `away`: the store does not answer. */
const store = () => {
  const kept = new Map<string, StoredBaseline>()
  const state = { kept, away: false }
  const failed = new StoreError({ operation: "Baselines.find", cause: "away" })
  const whileUp = <A>(use: () => A) =>
    Effect.suspend(() => (state.away ? Effect.fail(failed) : Effect.sync(use)))
  const layer = Layer.mock(Baselines, {
    find: (name) => whileUp(() => kept.get(name)),
    put: (name, p99Ms, after) =>
      whileUp(() => {
        if ((kept.get(name)?.version ?? 0) === after) kept.set(name, { version: after + 1, p99Ms })
      }),
  })
  return { state, layer }
}

/** A process with this store. */
const process = ({ layer }: ReturnType<typeof store>, url = runtime) =>
  BaselineMemory.layer(url).pipe(Layer.provideMerge(Monitor.layer(monitorSettings)), Layer.provide(layer))

/** 200 healthy attempts that show progress after 1 s. */
const learn = Effect.gen(function* () {
  const monitor = yield* Monitor
  for (let n = 0; n < 200; n++) {
    const { ticket } = yield* monitor.admit(orgId, sessionId)
    const { progressed } = yield* monitor.watch(orgId, ticket)
    yield* TestClock.adjust("1 second")
    progressed()
    yield* monitor.record({
      orgId,
      mode: "runtime_orchestrator",
      outcome: "success",
      latencyMs: 1000,
      ticket,
    })
  }
})

const p99Ms = Effect.flatMap(Monitor, (monitor) => monitor.baseline)

describe("the baseline's memory", () => {
  it.effect("a restart and another replica begin with the values learned of the same runtime", () => {
    const its = store()
    return Effect.gen(function* () {
      const learned = yield* Effect.andThen(learn, p99Ms).pipe(Effect.provide(process(its)))
      assert.isDefined(learned)
      assert.strictEqual(yield* Effect.provide(p99Ms, process(its)), learned)
      assert.isUndefined(yield* Effect.provide(p99Ms, process(its, "http://other.example")))
    })
  })

  it.effect("a replica without values loads them within a minute", () => {
    const its = store()
    return Effect.gen(function* () {
      assert.isUndefined(yield* p99Ms)
      its.state.kept.set(runtime, { version: 1, p99Ms: 1234 })
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* p99Ms, 1234)
    }).pipe(Effect.provide(process(its)))
  })

  it.effect("an unavailable store stops nothing, and is updated on its return", () => {
    const its = store()
    its.state.away = true
    return Effect.gen(function* () {
      yield* learn
      its.state.away = false
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(its.state.kept.get(runtime)?.p99Ms, yield* p99Ms)
    }).pipe(Effect.provide(process(its)))
  })

  it.effect("an address's password is not stored", () => {
    const its = store()
    return Effect.gen(function* () {
      yield* Effect.andThen(learn, TestClock.adjust("1 minute"))
      assert.deepStrictEqual([...its.state.kept.keys()], [runtime])
    }).pipe(Effect.provide(process(its, "http://user:hunter2@runtime.example/v1")))
  })
})
