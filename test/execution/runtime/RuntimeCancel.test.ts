/** The order of a session's cancel and its next execution at the runtime. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Executor } from "../../../src/execution/Executor.ts"
import * as Runtimes from "../../../src/execution/Runtimes.ts"
import { type Answer, UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import { otherSessionId, runtimeAt, turn } from "../../support/fixtures.ts"
import { settle } from "../scripted.ts"

const answer: Answer = { status: 200, header: () => undefined, pull: Effect.never, drain: () => {} }

/** Executes turns that never end, at a runtime that answers a cancel when `cancelled` is done. */
const harness = Effect.gen(function* () {
  const posts: Array<string> = []
  const cancelled = yield* Deferred.make<void>()
  const http = Layer.succeed(
    UpstreamHttp,
    UpstreamHttp.of({
      get: () => Effect.die("no GET is expected"),
      post: ({ url }) => {
        const path = url.slice(url.lastIndexOf("/") + 1)
        posts.push(path)
        return path === "cancel" ? Effect.as(Deferred.await(cancelled), answer) : Effect.succeed(answer)
      },
    }),
  )
  const layer = Runtimes.layer(runtimeAt("http://runtime"))
  const context = yield* Layer.build(Layer.provide(layer, http))
  const begin = (fields: Parameters<typeof turn>[0] = {}) =>
    Effect.gen(function* () {
      const executor = yield* Executor
      const fiber = yield* Effect.forkScoped(Stream.runDrain(executor.execute(turn(fields))))
      yield* settle
      return fiber
    }).pipe(Effect.provide(context))
  yield* Fiber.interrupt(yield* begin())
  yield* settle
  assert.deepStrictEqual(posts, ["stream", "cancel"])
  return { begin, cancelled, posts }
})

describe("an execution of a session whose last one is being cancelled", () => {
  it.effect("starts when the runtime has answered the cancel", () =>
    Effect.gen(function* () {
      const { begin, cancelled, posts } = yield* harness
      yield* begin()
      assert.deepStrictEqual(posts, ["stream", "cancel"])
      yield* Deferred.succeed(cancelled, undefined)
      yield* settle
      assert.deepStrictEqual(posts, ["stream", "cancel", "stream"])
    }),
  )

  it.effect("starts after 2 s when the runtime does not answer the cancel", () =>
    Effect.gen(function* () {
      const { begin, posts } = yield* harness
      yield* begin()
      yield* TestClock.adjust(1999)
      yield* settle
      assert.deepStrictEqual(posts, ["stream", "cancel"])
      yield* TestClock.adjust(1)
      yield* settle
      assert.deepStrictEqual(posts, ["stream", "cancel", "stream"])
    }),
  )

  it.effect("does not delay another session", () =>
    Effect.gen(function* () {
      const { begin, posts } = yield* harness
      yield* begin({ sessionId: otherSessionId })
      assert.deepStrictEqual(posts, ["stream", "cancel", "stream"])
    }),
  )
})
