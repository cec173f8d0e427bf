import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as RefusalBody from "../../src/execution/RefusalBody.ts"
import type { Answer } from "../../src/execution/UpstreamHttp.ts"
import { bytes } from "./direct/answers.ts"

/** A refusal whose body has these chunks and then neither ends nor continues. */
const unending = (...chunks: ReadonlyArray<string>): Answer => {
  const left = chunks.map(bytes)
  const pull = Effect.suspend(() => {
    const next = left.shift()
    return next === undefined ? Effect.never : Effect.succeed([next] as const)
  })
  return { status: 400, header: () => undefined, pull, drain: () => {} }
}

describe("the body of a refusal", () => {
  it.effect("is read for 4 KiB, whatever the size of its chunks is", () =>
    Effect.gen(function* () {
      for (const chunks of [["x".repeat(100_000)], ["x".repeat(4000), "x".repeat(4000)]])
        assert.strictEqual((yield* RefusalBody.beginning(unending(...chunks))).length, 4096)
    }),
  )

  it.effect("is read for no longer than a second", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(RefusalBody.beginning(unending('{"error":', '"no"')))
      yield* TestClock.adjust("999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), '{"error":"no"')
    }),
  )
})
