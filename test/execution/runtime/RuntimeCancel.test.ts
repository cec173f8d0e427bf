/** The order of a session's cancel and its next execution at the runtime. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { otherSessionId } from "../../support/fixtures.ts"
import { heldCancel } from "../heldCancels.ts"
import { settle } from "../scripted.ts"

const stream = "/api/v1/execute/stream"
const cancel = "/api/v1/execute/cancel"
const harness = heldCancel("agent2ui", [stream], cancel)

describe("an execution of a session whose last one is being cancelled", () => {
  it.effect("starts when the runtime has answered the cancel", () =>
    Effect.gen(function* () {
      const { begin, cancelled, posts } = yield* harness
      yield* begin()
      assert.deepStrictEqual(posts, [stream, cancel])
      yield* Deferred.succeed(cancelled, undefined)
      yield* settle
      assert.deepStrictEqual(posts, [stream, cancel, stream])
    }),
  )

  it.effect("starts after 2 s when the runtime does not answer the cancel", () =>
    Effect.gen(function* () {
      const { begin, posts } = yield* harness
      yield* begin()
      yield* TestClock.adjust(1999)
      yield* settle
      assert.deepStrictEqual(posts, [stream, cancel])
      yield* TestClock.adjust(1)
      yield* settle
      assert.deepStrictEqual(posts, [stream, cancel, stream])
    }),
  )

  it.effect("is logged once while the runtime takes no cancels, and once when it takes them again", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => lines.push(String(message)))
    const program = Effect.gen(function* () {
      const { begin, cancelled } = yield* harness
      const cancelOne = Effect.gen(function* () {
        yield* TestClock.adjust(2000)
        yield* settle
        const fiber = yield* begin()
        yield* settle
        yield* Fiber.interrupt(fiber)
      })
      yield* Effect.repeat(cancelOne, { times: 9 })
      yield* TestClock.adjust(2000)
      yield* settle
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], "the runtime did not take a cancel: ")
      yield* Deferred.succeed(cancelled, undefined)
      yield* cancelOne
      yield* settle
      assert.deepStrictEqual(lines.slice(1), [
        "the runtime takes cancels again, after 11 that it did not take",
      ])
    })
    return Effect.provide(program, Logger.layer([logger]))
  })

  it.effect("does not delay another session", () =>
    Effect.gen(function* () {
      const { begin, posts } = yield* harness
      yield* begin({ sessionId: otherSessionId })
      assert.deepStrictEqual(posts, [stream, cancel, stream])
    }),
  )
})
