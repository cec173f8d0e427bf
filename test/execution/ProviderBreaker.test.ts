/** Turns over several direct providers, one of which fails, and the providers that they ask. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import { Execution } from "../../src/execution/Execution.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import type { Executor } from "../../src/execution/Executor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { RecentTurns } from "../../src/monitoring/RecentTurns.ts"
import { finished, monitorSettings, says, text, turn } from "../support/fixtures.ts"
import { advanceUntilDone, type Asked, direct, runtime, type Script, settings, settle } from "./scripted.ts"

const answer: Script = [says(text("answer")), finished]
const down: Script = [new E.UpstreamUnavailable({ upstream: "a", status: 503 })]
const cut: Script = [new E.UpstreamTruncated({ upstream: "a" })]
const refused: Script = [
  new E.UpstreamRejected({ upstream: "a", status: 422, detail: "no_such_model|invalid_request_error" }),
]

const limitedFor = (retryAfterMs: number): Script => [
  new E.UpstreamRateLimited({ upstream: "a", retryAfterMs }),
]

const layerOf = (executors: ReadonlyArray<Layer.Layer<Executor>>) =>
  Execution.layer(settings).pipe(
    Layer.provide(Modes.layer(executors)),
    Layer.provide(RecentTurns.layer),
    Layer.provideMerge(Monitor.layer({ ...monitorSettings, providers: ["a", "b"] })),
  )

const begin = (order: ReadonlyArray<ExecutionMode> = ["direct_llm"]) =>
  Effect.flatMap(Execution, (execution) =>
    execution
      .run(turn(), { order, ticket: undefined, onAttempt: () => Effect.void })
      .pipe(Stream.runDrain, Effect.exit, Effect.forkChild),
  )

/** A turn from its beginning to its end. */
const run = (order?: ReadonlyArray<ExecutionMode>) =>
  Effect.flatMap(begin(order), (fiber) => Effect.andThen(advanceUntilDone(fiber), Fiber.join(fiber)))

const stateOf = (name: string) =>
  Effect.map(
    Effect.flatMap(Monitor, (monitor) => monitor.status),
    ({ providers }) => providers.find((provider) => provider.name === name)?.state,
  )

const targetsOf = (asked: ReadonlyArray<Asked>) => asked.map(({ target }) => target)

describe("a direct provider that fails", () => {
  it.effect(
    "is skipped after three faults: an outage of 60 s costs a handful of attempts, not one a turn",
    () => {
      const asked: Array<Asked> = []
      return Effect.gen(function* () {
        for (let turns = 0; turns < 15; turns++) {
          assert.strictEqual((yield* run())._tag, "Success")
          yield* TestClock.adjust(4000)
        }
        // Three faults, and the probe after 30 s.
        assert.lengthOf(asked, 15 + 4)
        assert.strictEqual(yield* stateOf("a"), "open")
      }).pipe(Effect.provide(layerOf([direct(asked, "a", cut), direct(asked, "b", answer)])))
    },
  )

  it.effect("is not asked a second time by the turn that opens its breaker", () => {
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      for (let turns = 0; turns < 3; turns++) yield* run()
      assert.deepStrictEqual(targetsOf(asked), ["a", "a", "b", "a", "b", "b"])
    }).pipe(Effect.provide(layerOf([direct(asked, "a", down), direct(asked, "b", answer)])))
  })

  it.effect("is in use again after three good turns, one after the other", () => {
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      for (let turns = 0; turns < 3; turns++) yield* run()
      yield* TestClock.adjust(30_000)
      asked.length = 0
      for (let turns = 0; turns < 3; turns++) yield* run()
      assert.deepStrictEqual(targetsOf(asked), ["a", "a", "a"])
      assert.strictEqual(yield* stateOf("a"), "closed")
    }).pipe(Effect.provide(layerOf([direct(asked, "a", cut, cut, cut, answer), direct(asked, "b", answer)])))
  })

  it.effect("has one probe at a time, and another one after the user has cancelled the first", () => {
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      for (let turns = 0; turns < 3; turns++) yield* run()
      yield* TestClock.adjust(30_000)
      asked.length = 0
      const probe = yield* begin()
      yield* settle
      yield* run()
      assert.deepStrictEqual(targetsOf(asked), ["a", "b"])
      yield* Fiber.interrupt(probe)
      yield* begin()
      yield* settle
      assert.deepStrictEqual(targetsOf(asked), ["a", "b", "a"])
    }).pipe(
      Effect.provide(layerOf([direct(asked, "a", cut, cut, cut, ["silence"]), direct(asked, "b", answer)])),
    )
  })

  it.effect("is not taken for good because an answer came from the cache", () => {
    const cached: Script = [says(text("cached")), { _tag: "Finished", usage: { tokens: 0, cached: true } }]
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      for (let turns = 0; turns < 3; turns++) yield* run()
      yield* TestClock.adjust(30_000)
      for (let turns = 0; turns < 5; turns++) yield* run()
      assert.strictEqual(yield* stateOf("a"), "half_open")
    }).pipe(Effect.provide(layerOf([direct(asked, "a", cut, cut, cut, cached), direct(asked, "b", answer)])))
  })

  it.effect("is still asked where it is the only one, with its second try", () => {
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      for (let turns = 0; turns < 10; turns++) yield* run()
      assert.strictEqual(yield* stateOf("a"), "open")
      assert.lengthOf(asked, 20)
    }).pipe(Effect.provide(layerOf([direct(asked, "a", down)])))
  })

  it.effect("is skipped by turns that the runtime could not answer, too", () => {
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      for (let turns = 0; turns < 3; turns++) yield* run()
      asked.length = 0
      yield* run(["runtime_orchestrator", "direct_llm"])
      assert.deepStrictEqual(targetsOf(asked), ["runtime", "b"])
    }).pipe(
      Effect.provide(layerOf([runtime(asked, cut), direct(asked, "a", cut), direct(asked, "b", answer)])),
    )
  })
})

describe("a direct provider that asks for a pause", () => {
  it.effect("is asked once, and again when the pause is over", () => {
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      for (let turns = 0; turns < 3; turns++) yield* run()
      assert.deepStrictEqual(targetsOf(asked), ["a", "b", "b", "b"])
      assert.strictEqual(yield* stateOf("a"), "closed")
      yield* TestClock.adjust(20_000)
      yield* run()
      assert.deepStrictEqual(targetsOf(asked).slice(4), ["a"])
    }).pipe(
      Effect.provide(layerOf([direct(asked, "a", limitedFor(20_000), answer), direct(asked, "b", answer)])),
    )
  })

  it.effect("is asked by the same turn again after a short pause", () => {
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      yield* run()
      assert.deepStrictEqual(targetsOf(asked), ["a", "a"])
    }).pipe(
      Effect.provide(layerOf([direct(asked, "a", limitedFor(1500), answer), direct(asked, "b", answer)])),
    )
  })

  it.effect("is asked by every turn where it is the only one, which fails at once", () => {
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      for (let turns = 0; turns < 2; turns++) assert.strictEqual((yield* run())._tag, "Failure")
      assert.deepStrictEqual(targetsOf(asked), ["a", "a"])
    }).pipe(Effect.provide(layerOf([direct(asked, "a", limitedFor(3_600_000))])))
  })
})

describe("an agent that a target refuses", () => {
  it.effect("is shown to operators from the second refusal on, until it is answered", () => {
    const asked: Array<Asked> = []
    return Effect.gen(function* () {
      const monitor = yield* Monitor
      const refusals = Effect.map(monitor.status, (status) => status.refusals)
      yield* run()
      assert.deepStrictEqual(yield* refusals, [])
      yield* run()
      const [refusal, ...others] = yield* refusals
      assert.deepInclude(refusal, {
        orgId: turn().orgId,
        agentId: turn().agent.id,
        target: "a",
        count: 2,
        failure: "422 no_such_model|invalid_request_error",
      })
      assert.isEmpty(others)
      // A refusal is the request's fault.
      assert.strictEqual(yield* stateOf("a"), "closed")
      yield* run()
      assert.deepStrictEqual(yield* refusals, [])
    }).pipe(
      Effect.provide(layerOf([direct(asked, "a", refused, refused, answer), direct(asked, "b", answer)])),
    )
  })
})
