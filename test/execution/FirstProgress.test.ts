import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Execution } from "../../src/execution/Execution.ts"
import type { TurnEvent } from "../../src/execution/TurnEvent.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { RecentTurns } from "../../src/monitoring/RecentTurns.ts"
import {
  finished,
  monitorSettings,
  orgId,
  says,
  sessionId,
  text,
  thinking,
  turn,
} from "../support/fixtures.ts"
import { advanceUntilDone, direct, runtime, type Script, settle } from "./scripted.ts"

const patient = {
  limits: { firstContentMs: 60_000, stallMs: 60_000, totalMs: 120_000 },
  retractPartial: true,
  fallbackOnContentFilter: false,
}

const layer = (...script: Script) =>
  Execution.layer(patient).pipe(
    Layer.provide(Modes.layer([runtime([], script), direct([], "a", [says(text("from direct")), finished])])),
    Layer.provide(RecentTurns.layer),
    Layer.provideMerge(Monitor.layer(monitorSettings)),
  )

const both = ["runtime_orchestrator", "direct_llm"] as const

/** The turn's events, collected as they arrive. */
const begin = Effect.fnUntraced(function* (order: (typeof both)[number][] = [...both]) {
  const monitor = yield* Monitor
  const execution = yield* Execution
  const { ticket } = yield* monitor.admit(orgId, sessionId)
  const events: Array<TurnEvent> = []
  const codes: Array<string | null> = []
  const fiber = yield* execution
    .run(turn(), { order, ticket, onAttempt: ({ code }) => Effect.sync(() => codes.push(code)) })
    .pipe(
      Stream.runForEach((event) => Effect.sync(() => events.push(event))),
      Effect.exit,
      Effect.forkChild,
    )
  yield* settle
  const modeOfEnd = () => events.flatMap((event) => (event._tag === "Finished" ? [event.mode] : []))[0]
  return { fiber, codes, modeOfEnd }
})

const elapse = (ms: number) =>
  Effect.forEach(Array.from({ length: ms / 250 }), () => Effect.andThen(TestClock.adjust(250), settle), {
    discard: true,
  })

describe("an attempt that shows nothing", () => {
  it.effect("moves to direct mode at the Monitor's limit, within the same turn", () =>
    Effect.gen(function* () {
      const { codes, fiber, modeOfEnd } = yield* begin()
      yield* elapse(14_750)
      assert.isEmpty(codes)
      yield* elapse(250)
      yield* advanceUntilDone(fiber)
      assert.deepStrictEqual(codes, ["TIMEOUT_FIRST_PROGRESS", null])
      assert.strictEqual(modeOfEnd(), "direct_llm")
    }).pipe(Effect.provide(layer("silence"))),
  )

  it.effect("is waited for where there is nowhere to move", () =>
    Effect.gen(function* () {
      const { codes, fiber } = yield* begin(["runtime_orchestrator"])
      yield* elapse(30_000)
      assert.isEmpty(codes)
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(layer("silence"))),
  )

  it.effect("is not, once it has shown that it thinks", () =>
    Effect.gen(function* () {
      const { fiber, modeOfEnd } = yield* begin()
      yield* advanceUntilDone(fiber, 500)
      assert.strictEqual(modeOfEnd(), "runtime_orchestrator")
    }).pipe(Effect.provide(layer(14_000, says(thinking("hm")), 20_000, says(text("at last")), finished))),
  )

  it.effect("moves after 3 s when the breaker has opened meanwhile", () =>
    Effect.gen(function* () {
      const monitor = yield* Monitor
      const { codes, fiber, modeOfEnd } = yield* begin()
      yield* elapse(2000)
      const failed = { orgId, mode: "runtime_orchestrator", outcome: "error", latencyMs: 10 } as const
      yield* Effect.repeat(monitor.record(failed), { times: 9 })
      assert.strictEqual((yield* monitor.status).state, "open")
      yield* elapse(750)
      assert.isEmpty(codes)
      yield* elapse(250)
      yield* advanceUntilDone(fiber)
      assert.deepStrictEqual(codes, ["TIMEOUT_FIRST_PROGRESS", null])
      assert.strictEqual(modeOfEnd(), "direct_llm")
    }).pipe(Effect.provide(layer("silence"))),
  )

  it.effect("learns within 250 ms that the breaker has opened", () =>
    Effect.gen(function* () {
      const monitor = yield* Monitor
      const { codes, fiber } = yield* begin()
      yield* elapse(5500)
      const failed = { orgId, mode: "runtime_orchestrator", outcome: "error", latencyMs: 10 } as const
      yield* Effect.repeat(monitor.record(failed), { times: 9 })
      assert.strictEqual((yield* monitor.status).state, "open")
      yield* elapse(250)
      assert.strictEqual(codes[0], "TIMEOUT_FIRST_PROGRESS")
      yield* advanceUntilDone(fiber)
    }).pipe(Effect.provide(layer("silence"))),
  )
})
