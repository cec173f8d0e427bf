/** A session's cancel at an upstream that holds it back. */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Executor } from "../../src/execution/Executor.ts"
import * as Runtimes from "../../src/execution/Runtimes.ts"
import { type Answer, UpstreamHttp } from "../../src/execution/UpstreamHttp.ts"
import { runtimeAt, turn } from "../support/fixtures.ts"
import { settle } from "./scripted.ts"

/**
 * Executes turns that never end, at a server that answers a cancel when `cancelled` is done. The first turn is over:
 * it made the requests `first` and `cancel`.
 */
export const heldCancel = (
  protocol: "agent2ui" | "langgraph",
  first: ReadonlyArray<string>,
  cancel: string,
  header: Answer["header"] = () => undefined,
) =>
  Effect.gen(function* () {
    const posts: Array<string> = []
    const cancelled = yield* Deferred.make<void>()
    const answer: Answer = { status: 200, header, pull: Effect.never, drain: () => {} }
    const http = Layer.succeed(
      UpstreamHttp,
      UpstreamHttp.of({
        get: () => Effect.die("no GET is expected"),
        post: ({ url }) => {
          const path = url.slice("http://runtime".length)
          posts.push(path)
          return path === cancel ? Effect.as(Deferred.await(cancelled), answer) : Effect.succeed(answer)
        },
      }),
    )
    const layer = Runtimes.layer(runtimeAt("http://runtime", { protocol }))
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
    assert.deepStrictEqual(posts, [...first, cancel])
    return { begin, cancelled, posts }
  })
