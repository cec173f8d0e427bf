import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { settle } from "../execution/scripted.ts"
import { noon, text } from "../support/fixtures.ts"
import type { SseFrame } from "../support/sse.ts"
import { brief, done, heartbeatMs, live, logOf, reading, test, writesOf } from "./streams.ts"

describe("heartbeats", () => {
  test(
    "come after the interval without another event, without an id, and end with the run",
    Effect.gen(function* () {
      const log = logOf()
      const { events, fiber } = yield* reading(live(log))
      const passing = Effect.fnUntraced(function* (ms: number) {
        for (let left = ms; left > 0; left -= 100) yield* TestClock.adjust(100)
        yield* settle
      })
      yield* passing(900)
      assert.deepStrictEqual(events, [])
      yield* passing(100)
      assert.deepStrictEqual(events, [{ id: undefined, event: "heartbeat", data: "null" }])
      yield* passing(1000)
      assert.lengthOf(events, 2)
      yield* passing(600)
      log.message(text("a"), noon)
      yield* passing(900)
      assert.deepStrictEqual(brief(events), ["- heartbeat", "- heartbeat", "1 text"])
      yield* passing(100)
      assert.deepStrictEqual(brief(events), ["- heartbeat", "- heartbeat", "1 text", "- heartbeat"])
      log.end(done)
      yield* Fiber.join(fiber)
      yield* passing(5000)
      assert.strictEqual(brief(events).at(-1), "2 done")
    }),
  )

  test(
    "do not precede available events: a slow reader gets the events first",
    Effect.gen(function* () {
      const log = logOf(text("a"))
      const got: Array<SseFrame> = []
      const slow = writesOf(live(log)).pipe(
        Stream.runForEach((write) =>
          Effect.andThen(
            Effect.sync(() => got.push(...write)),
            Effect.sleep(write.length * 3 * heartbeatMs),
          ),
        ),
      )
      const fiber = yield* Effect.forkChild(slow)
      yield* settle
      yield* TestClock.adjust(2 * heartbeatMs)
      log.message(text("b"), noon)
      yield* TestClock.adjust(heartbeatMs)
      yield* settle
      assert.deepStrictEqual(brief(got), ["1 text", "2 text"])
      yield* Fiber.interrupt(fiber)
    }),
  )
})
