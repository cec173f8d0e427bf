import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as TestClock from "effect/testing/TestClock"
import { draft } from "../../src/protocol/agent2ui/Message.ts"
import { noon, runId, text } from "../support/fixtures.ts"
import { done, live, logOf, reading, test } from "./streams.ts"

/** A reader of a live run, and the number of times that it has left. */
const watched = Effect.fnUntraced(function* (reader: Parameters<typeof reading>[1] = {}) {
  const log = logOf(text("a"))
  let left = 0
  const onLeave = Effect.sync(() => {
    left += 1
  })
  const { fiber } = yield* reading(live(log), { ...reader, onLeave })
  return { log, fiber, left: () => left }
})

describe("a reader that leaves", () => {
  test(
    "is reported once when its connection closes",
    Effect.gen(function* () {
      const { fiber, left } = yield* watched()
      assert.strictEqual(left(), 0)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(left(), 1)
    }),
  )

  test(
    "is not reported when the run has ended",
    Effect.gen(function* () {
      const { fiber, left, log } = yield* watched()
      log.end(done)
      yield* Fiber.join(fiber)
      assert.strictEqual(left(), 0)
    }),
  )

  test(
    "is reported when its protocol cannot express the rest of the run",
    Effect.gen(function* () {
      const { fiber, left, log } = yield* watched({ protocol: 1 })
      log.message(draft({ type: "retract", data: { runId, fromSeq: 1, toSeq: 1, reason: "" } }), noon)
      yield* Fiber.join(fiber)
      assert.isFalse(log.ended)
      assert.strictEqual(left(), 1)
    }),
  )

  test(
    "is not reported when the server closes the stream",
    Effect.gen(function* () {
      const closing = yield* Latch.make(false)
      const { fiber, left } = yield* watched({ closing: closing.await })
      yield* closing.open
      yield* Fiber.join(fiber)
      assert.strictEqual(left(), 0)
    }),
  )

  test(
    "is not reported when its token expires",
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const { fiber, left } = yield* watched({ until: noon + 500 })
      yield* TestClock.adjust(1000)
      yield* Fiber.join(fiber)
      assert.strictEqual(left(), 0)
    }),
  )
})
