import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import * as Failures from "../../src/telemetry/Failures.ts"

describe("an export failure", () => {
  it("is logged with its message alone", () => {
    const flattened = JSON.stringify({ stack: "Error: x\n at y", message: 'refused by "c"', name: "Error" })
    assert.strictEqual(Failures.reasonOf(flattened), 'refused by \\"c\\"')
    assert.strictEqual(Failures.reasonOf("Dropped 3 spans"), "Dropped 3 spans")
    assert.lengthOf(Failures.reasonOf("x".repeat(10_000)), 300)
  })

  it.effect("E4: is logged once a minute, even if the wall clock is set back", () => {
    const lines: Array<unknown> = []
    const logger = Logger.make(({ message }) => {
      lines.push(message)
    })
    return Effect.gen(function* () {
      const failed = yield* Failures.make
      failed("one")
      failed("two")
      yield* TestClock.adjust("59 seconds")
      failed("three")
      yield* TestClock.adjust("1 second")
      failed("four")
      yield* TestClock.setTime((yield* Clock.currentTimeMillis) - 300_000)
      yield* TestClock.adjust("60 seconds")
      failed("five")
      yield* Effect.yieldNow
      assert.deepStrictEqual(lines.flat(), [
        "telemetry could not be exported: one",
        "telemetry could not be exported: four",
        "telemetry could not be exported: five",
      ])
    }).pipe(Effect.provide(Logger.layer([logger])))
  })
})
