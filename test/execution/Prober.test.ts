import { assert, describe, it } from "@effect/vitest"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { UpstreamRejected, UpstreamUnreachable } from "../../src/execution/ExecutionError.ts"
import { UserId } from "../../src/domain/Ids.ts"
import { Modes } from "../../src/execution/Modes.ts"
import * as Prober from "../../src/execution/Prober.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { finished, monitorSettings, orgId, says, sessionId, text, thinking } from "../support/fixtures.ts"
import { type Asked, runtime, type Script, settle } from "./scripted.ts"

const refused = new UpstreamUnreachable({ upstream: "runtime" })

const layer = (asked: Array<Asked>, ...scripts: ReadonlyArray<Script>) =>
  Prober.layer.pipe(
    Layer.provide(Modes.layer([runtime(asked, ...scripts)])),
    Layer.provideMerge(Monitor.layer({ ...monitorSettings, probes: true })),
    Layer.provide(layerWebCrypto),
  )

const elapse = (ms: number) =>
  Effect.forEach(Array.from({ length: ms / 500 }), () => Effect.andThen(TestClock.adjust(500), settle), {
    discard: true,
  })

const test = (
  name: string,
  scripts: ReadonlyArray<Script>,
  body: (asked: Array<Asked>) => Effect.Effect<void, never, Monitor>,
) =>
  it.effect(name, () => {
    const asked: Array<Asked> = []
    return Effect.andThen(settle, body(asked)).pipe(Effect.provide(layer(asked, ...scripts)))
  })

const state = Effect.flatMap(Monitor, (monitor) => Effect.map(monitor.status, ({ state }) => state))

describe("the log of probes", () => {
  const lines: Array<string> = []
  const logger = Logger.layer([Logger.make(({ message }) => lines.push(String(message)))])
  const probes = (line: string) => line.includes("probes of the runtime")
  const isDue = [
    ...Array.from({ length: 30 }, (): Script => [refused]),
    [says(text("pong")), finished] as const,
  ]

  it.effect("has one line for ten minutes of failures, and one with their number for the recovery", () =>
    Effect.gen(function* () {
      lines.length = 0
      const asked: Array<Asked> = []
      const program = Effect.gen(function* () {
        yield* Effect.andThen(settle, elapse(10_000))
        assert.deepStrictEqual(lines.filter(probes), [
          "probes of the runtime fail: UpstreamUnreachable. Further ones are only counted",
        ])
        yield* elapse(600_000)
        assert.isAtLeast(asked.length, 31)
        assert.deepStrictEqual(lines.filter(probes).slice(1), [
          "probes of the runtime succeed again, after 30 that failed",
        ])
      })
      yield* Effect.provide(program, Layer.provideMerge(layer(asked, ...isDue), logger))
    }),
  )
})

describe("Prober", () => {
  test(
    "begins with one probe: a tiny execution without a user, ended at its first content",
    [[100, says(text("pong")), "silence"]],
    (asked) =>
      Effect.gen(function* () {
        yield* elapse(20_000)
        assert.lengthOf(asked, 1)
        assert.deepInclude(asked[0]?.turn, {
          probe: true,
          shadow: false,
          userId: UserId.make("crossfade-probe"),
          message: "ping",
        })
        assert.strictEqual(asked[0]?.ended, "interrupted")
        assert.strictEqual(yield* state, "closed")
      }),
  )

  test(
    "finds a broken runtime before any user does, and finds the way back",
    [...Array.from({ length: 6 }, (): Script => [refused]), [says(text("pong")), finished]],
    (asked) =>
      Effect.gen(function* () {
        yield* elapse(5500)
        assert.strictEqual(yield* state, "open")
        const monitor = yield* Monitor
        assert.strictEqual((yield* monitor.admit(orgId, sessionId)).allowed, "no")
        yield* elapse(9000)
        assert.strictEqual(yield* state, "ramp")
        yield* elapse(31_000)
        assert.strictEqual(yield* state, "closed")
        assert.isAtLeast(asked.length, 10)
      }),
  )

  it.effect("X13: goes on with the next pulse after a bug", () => {
    let pulses = 0
    const monitor = Layer.mock(Monitor, {
      takeProbe: Effect.suspend(() => (++pulses === 1 ? Effect.die("a bug") : Effect.undefined)),
    })
    const prober = Prober.layer.pipe(Layer.provide([Modes.layer<never, never>([]), monitor, layerWebCrypto]))
    return Effect.provide(
      Effect.gen(function* () {
        yield* Effect.andThen(settle, elapse(2000))
        assert.isAtLeast(pulses, 4)
      }),
      prober,
    )
  })

  test("a probe that shows nothing within 8 s is bad", [["silence"]], (asked) =>
    Effect.gen(function* () {
      yield* elapse(21_000)
      assert.strictEqual(yield* state, "open")
      assert.isTrue(asked.slice(0, 5).every(({ ended }) => ended === "interrupted"))
    }),
  )

  test(
    "a probe that finds the runtime planning after 8 s says nothing: a slow plan opens no breaker",
    [[100, says(thinking("planning")), "silence"]],
    (asked) =>
      Effect.gen(function* () {
        yield* elapse(240_000)
        assert.strictEqual(yield* state, "closed")
        assert.isAtLeast(asked.length, 6)
      }),
  )

  test(
    "a probe that is refused for its own sake says nothing",
    [[new UpstreamRejected({ upstream: "runtime", status: 422, detail: "" })]],
    () =>
      Effect.gen(function* () {
        yield* elapse(120_000)
        assert.strictEqual(yield* state, "closed")
      }),
  )
})
