import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { SessionQueue } from "../../src/chat/SessionQueue.ts"
import type { Begun } from "../../src/chat/Idempotency.ts"
import { RunReader } from "../../src/chat/RunReader.ts"
import { OrgId, UserId } from "../../src/domain/Ids.ts"
import { Runs } from "../../src/store/Runs.ts"
import { LiveRuns, SessionBusy } from "../../src/runs/LiveRuns.ts"
import { runId, sessionId } from "../support/fixtures.ts"

const ana = { orgId: OrgId.make("acme"), userId: UserId.make("ana"), permissions: [] }
const begun: Begun = { _tag: "Replayed", runId }

/** The session's run is another replica's, and goes on while `its.running`. */
const service = (its: { running: boolean }) =>
  SessionQueue.layer("queue").pipe(
    Layer.provide([
      Layer.mock(LiveRuns, { get: () => undefined, count: () => 0, freed: () => Effect.succeed(false) }),
      Layer.mock(RunReader, {}),
      Layer.mock(Runs, { runningOf: () => Effect.sync(() => (its.running ? runId : undefined)) }),
    ]),
  )

const waiting = Effect.fnUntraced(function* (its: { running: boolean }, tried: Array<string>, name: string) {
  const sessions = yield* SessionQueue
  const attempt = Effect.suspend(() => {
    tried.push(name)
    return its.running ? Effect.fail(new SessionBusy({ sessionId })) : Effect.succeed(begun)
  })
  return yield* Effect.forkChild(sessions.turn(ana, sessionId, attempt), { startImmediately: true })
})

describe("messages that wait for another replica's run", () => {
  it.effect("are tried in the order in which they came, and again only when the run has ended", () => {
    const its = { running: true }
    const tried: Array<string> = []
    return Effect.gen(function* () {
      const fibers = []
      for (const name of ["a", "b", "c"]) fibers.push(yield* waiting(its, tried, name))
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(tried, ["a"])
      its.running = false
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(tried, ["a", "a", "b", "c"])
    }).pipe(Effect.provide(service(its)))
  })

  it.effect("are told that the session is busy after a minute, and one that leaves makes room", () => {
    const its = { running: true }
    const tried: Array<string> = []
    return Effect.gen(function* () {
      const first = yield* waiting(its, tried, "a")
      yield* TestClock.adjust("30 seconds")
      const second = yield* waiting(its, tried, "b")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(tried, ["a", "b"])
      yield* TestClock.adjust("58 seconds")
      assert.isUndefined(second.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.deepInclude(yield* Effect.flip(Fiber.join(second)), { _tag: "SessionBusy", sessionId })
    }).pipe(Effect.provide(service(its)))
  })

  it.effect("are at most ten behind the one that is tried, and the next is refused at once", () => {
    const its = { running: true }
    const tried: Array<string> = []
    return Effect.gen(function* () {
      const fibers = []
      for (let number = 0; number <= 10; number++) fibers.push(yield* waiting(its, tried, `${number}`))
      const refused = yield* waiting(its, tried, "refused")
      assert.deepInclude(yield* Effect.flip(Fiber.join(refused)), { _tag: "SessionBusy", sessionId })
      for (const fiber of fibers) assert.isUndefined(fiber.pollUnsafe())
      its.running = false
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
    }).pipe(Effect.provide(service(its)))
  })
})
