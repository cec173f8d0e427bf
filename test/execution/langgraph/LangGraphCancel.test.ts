/** The order of a session's cancel and its next run at a LangGraph server. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { otherSessionId, sessionId } from "../../support/fixtures.ts"
import { heldCancel } from "../heldCancels.ts"
import { settle } from "../scripted.ts"

const first = ["/threads", `/threads/${sessionId}/runs/stream`]
const cancel = `/threads/${sessionId}/runs/run-1/cancel?wait=1&action=interrupt`
const harness = heldCancel("langgraph", first, cancel, (name) =>
  name === "content-location" ? "/threads/t/runs/run-1" : undefined,
)

describe("a turn of a session whose last run is being cancelled", () => {
  it.effect("starts when the server has answered the cancel", () =>
    Effect.gen(function* () {
      const { begin, cancelled, posts } = yield* harness
      yield* begin()
      assert.deepStrictEqual(posts, [...first, cancel])
      yield* Deferred.succeed(cancelled, undefined)
      yield* settle
      assert.deepStrictEqual(posts, [...first, cancel, ...first])
    }),
  )

  it.effect("starts after 2 s when the server does not answer the cancel", () =>
    Effect.gen(function* () {
      const { begin, posts } = yield* harness
      yield* begin()
      yield* TestClock.adjust(1999)
      yield* settle
      assert.deepStrictEqual(posts, [...first, cancel])
      yield* TestClock.adjust(1)
      yield* settle
      assert.deepStrictEqual(posts, [...first, cancel, ...first])
    }),
  )

  it.effect("does not delay another session", () =>
    Effect.gen(function* () {
      const { begin, posts } = yield* harness
      yield* begin({ sessionId: otherSessionId })
      assert.strictEqual(posts.at(-1), `/threads/${otherSessionId}/runs/stream`)
    }),
  )
})
