/** Runs of LangGraph's own server that do not end by themselves. Each test has a session of its own. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { SessionId } from "../../../src/domain/Ids.ts"
import type { Executor, Turn } from "../../../src/execution/Executor.ts"
import { startLangGraph } from "../../support/langGraphServer.ts"
import type { Running } from "../../support/processes.ts"
import { layerAt, newTurn, pastAfter, play, runsAt } from "./langGraphTurn.ts"

let server: Running
beforeAll(async () => {
  server = await startLangGraph()
}, 90_000)
afterAll(() => server?.stop())

const at = <A>(effect: Effect.Effect<A, never, Executor>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, layerAt(server.url)))

const session = () => ({ sessionId: SessionId.make(crypto.randomUUID()) })

const runsOf = (thread: string) => runsAt(server.url, thread)

describe.concurrent("a run of a LangGraph server that does not end by itself", () => {
  /** Starts the turn, and returns once its first text is there. */
  const slow = (fields: Partial<Turn>) =>
    Effect.gen(function* () {
      const { promise, resolve } = Promise.withResolvers<void>()
      const fiber = yield* Effect.forkDetach(play(newTurn("SLOW", fields), () => resolve()))
      yield* Effect.promise(() => promise)
      return fiber
    })

  it("is cancelled with its turn, and the session continues", async () => {
    const own = session()
    const next = await at(
      Effect.gen(function* () {
        yield* Fiber.interrupt(yield* slow(own))
        return yield* play(newTurn("HISTORY", own))
      }),
    )
    assert.strictEqual(next.text, "human: HISTORY")
    const [run, ...others] = await runsOf(own.sessionId)
    assert.deepStrictEqual([run?.status, others], ["interrupted", []])
  })

  it("makes another run of its thread fail as busy, and is not disturbed", async () => {
    const first = await at(play(newTurn("TEXT", session())))
    const own = { sessionId: first.turn.sessionId, past: pastAfter(first) }
    await at(
      Effect.gen(function* () {
        const fiber = yield* slow(own)
        const refused = yield* play(newTurn("TEXT", own))
        assert.deepInclude({ ...refused.error }, { _tag: "UpstreamUnavailable", status: 409 })
        const [run] = yield* Effect.promise(() => runsOf(own.sessionId))
        assert.strictEqual(run?.status, "running")
        yield* Fiber.interrupt(fiber)
      }),
    )
  })

  it("fails its turn if someone else cancels it", async () => {
    const own = session()
    const played = await at(
      Effect.gen(function* () {
        const fiber = yield* slow(own)
        yield* Effect.promise(async () => {
          const [run] = await runsOf(own.sessionId)
          await fetch(`${server.url}/threads/${own.sessionId}/runs/${run?.run_id}/cancel`, { method: "POST" })
        })
        return yield* Fiber.join(fiber)
      }),
    )
    assert.strictEqual(played.error?._tag, "UpstreamCancelled")
  })

  it("fails its turn if the server dies", async () => {
    const dying = await startLangGraph()
    try {
      const played = await Effect.runPromise(
        play(newTurn("SLOW", session()), () => void dying.stop("SIGKILL")).pipe(
          Effect.provide(layerAt(dying.url)),
        ),
      )
      assert.strictEqual(played.error?._tag, "UpstreamTruncated")
      assert.isUndefined(played.finished)
    } finally {
      await dying.stop("SIGKILL")
    }
  }, 90_000)
})
