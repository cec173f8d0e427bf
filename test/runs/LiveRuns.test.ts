import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type { RunId, SessionId } from "../../src/domain/Ids.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { assistantMessageId, otherSessionId, runId, runIdOf, sessionId } from "../support/fixtures.ts"

const graceMs = 1000

/** A run that goes on until `finish`, and ends its log however it ends, as a turn's program does. */
const begin = Effect.fnUntraced(function* (
  id: RunId,
  session: SessionId = sessionId,
  onInterrupt: Effect.Effect<void> = Effect.void,
) {
  const live = yield* LiveRuns
  const log = new RunLog(id)
  const finish = yield* Deferred.make<void>()
  const end = (code: string) =>
    Effect.sync(() => log.end({ event: "error", data: { code, message: "", runId: id, recoverable: true } }))
  const program = Deferred.await(finish).pipe(
    Effect.andThen(end("FINISHED")),
    Effect.onInterrupt(() => Effect.andThen(onInterrupt, end("CANCELLED"))),
    Effect.ignoreCause,
  )
  yield* live.claim(session, live.start(session, log, program))
  return { log, finish: Deferred.succeed(finish, undefined) }
})

const codeOf = (log: RunLog): string | undefined => {
  const last = log.read(0).at(-1)?.event
  return last?.event === "error" ? last.data.code : undefined
}

const settled = Effect.repeat(Effect.yieldNow, { times: 50 })

const test = (name: string, body: Effect.Effect<void, unknown, LiveRuns>) =>
  it.effect(name, () => Effect.provide(body, LiveRuns.layer({ detachGrace: graceMs })))

const attached = Effect.fnUntraced(function* (log: RunLog) {
  const live = yield* LiveRuns
  const scope = yield* Scope.make()
  yield* Scope.provide(live.attach(log), scope)
  return { leave: Scope.close(scope, Exit.void) }
})

describe("one run a session", () => {
  test(
    "a session with a live run takes no other, until that run has ended",
    Effect.gen(function* () {
      const first = yield* begin(runId)
      assert.deepInclude(yield* Effect.flip(begin(runIdOf(2))), { _tag: "SessionBusy", sessionId })
      yield* begin(runIdOf(3), otherSessionId)
      yield* first.finish
      yield* first.log.changed(0)
      yield* settled
      const second = yield* begin(runIdOf(2))
      assert.strictEqual((yield* LiveRuns).get(runIdOf(2)), second.log)
      assert.isUndefined((yield* LiveRuns).get(runId))
    }),
  )

  test(
    "a claim alone takes the session, and gives it back when it fails, dies or is interrupted before a run began",
    Effect.gen(function* () {
      const live = yield* LiveRuns
      const busy = yield* live.claim(sessionId, Effect.flip(live.claim(sessionId, Effect.void)))
      assert.strictEqual(busy._tag, "SessionBusy")
      const interrupted = yield* Effect.forkChild(live.claim(sessionId, Effect.never))
      yield* settled
      assert.strictEqual((yield* Effect.flip(live.claim(sessionId, Effect.void)))._tag, "SessionBusy")
      yield* Fiber.interrupt(interrupted)
      for (const use of [Effect.fail("no"), Effect.die("bug"), Effect.void]) {
        yield* Effect.exit(live.claim(sessionId, use))
        yield* live.claim(sessionId, Effect.void)
      }
    }),
  )

  test(
    "accept exactly one of many concurrent claims",
    Effect.gen(function* () {
      const live = yield* LiveRuns
      const claims = Array.from({ length: 20 }, () => Effect.result(live.claim(sessionId, Effect.sleep(1))))
      const fiber = yield* Effect.forkChild(Effect.all(claims, { concurrency: "unbounded" }))
      yield* settled
      yield* TestClock.adjust(1)
      const taken = (yield* Fiber.join(fiber)).filter(({ _tag }) => _tag === "Success")
      assert.lengthOf(taken, 1)
    }),
  )
})

describe("a run without readers", () => {
  test(
    "fault 6: is cancelled after the grace, and not before",
    Effect.gen(function* () {
      const { log } = yield* begin(runId)
      yield* TestClock.adjust(graceMs - 1)
      assert.isFalse(log.ended)
      yield* TestClock.adjust(1)
      assert.strictEqual(codeOf(log), "CANCELLED")
      assert.isUndefined((yield* LiveRuns).get(runId))
      yield* begin(runIdOf(2))
    }),
  )

  test(
    "continues while it has a reader, and gets a full grace period when the last one leaves",
    Effect.gen(function* () {
      const { log } = yield* begin(runId)
      const first = yield* attached(log)
      const second = yield* attached(log)
      yield* TestClock.adjust(graceMs * 5)
      yield* first.leave
      yield* TestClock.adjust(graceMs * 5)
      assert.isFalse(log.ended)
      yield* second.leave
      yield* TestClock.adjust(graceMs - 1)
      assert.isFalse(log.ended)
      yield* TestClock.adjust(1)
      assert.strictEqual(codeOf(log), "CANCELLED")
    }),
  )

  test(
    "is saved by a reader who comes back within the grace, again and again",
    Effect.gen(function* () {
      const { finish, log } = yield* begin(runId)
      for (let times = 0; times < 5; times++) {
        yield* TestClock.adjust(graceMs - 1)
        const { leave } = yield* attached(log)
        yield* TestClock.adjust(graceMs)
        yield* leave
      }
      assert.isFalse(log.ended)
      yield* finish
      yield* log.changed(0)
      assert.strictEqual(codeOf(log), "FINISHED")
    }),
  )

  test(
    "is not ended by its grace period if it ended by itself",
    Effect.gen(function* () {
      const { finish, log } = yield* begin(runId)
      yield* finish
      yield* settled
      yield* (yield* attached(log)).leave
      const next = yield* begin(runIdOf(2))
      const { leave } = yield* attached(next.log)
      yield* TestClock.adjust(graceMs * 2)
      assert.strictEqual(codeOf(log), "FINISHED")
      assert.isFalse(next.log.ended)
      yield* leave
    }),
  )
})

describe("cancel", () => {
  test(
    "waits until the log has ended, says so once, and is idempotent",
    Effect.gen(function* () {
      const live = yield* LiveRuns
      const { log } = yield* begin(runId, sessionId, Effect.sleep(50))
      const cancels = yield* Effect.forEach([1, 2], () => Effect.forkChild(live.cancel(runId)))
      yield* settled
      assert.isFalse(log.ended)
      yield* TestClock.adjust(50)
      assert.include(yield* Fiber.joinAll(cancels), true)
      assert.strictEqual(codeOf(log), "CANCELLED")
      assert.isFalse(yield* live.cancel(runId))
      assert.isFalse(yield* live.cancel(runIdOf(9)))
      assert.strictEqual(log.lastSeq, 1)
    }),
  )

  test(
    "leaves the session free, and a run that has ended as it is",
    Effect.gen(function* () {
      const live = yield* LiveRuns
      yield* begin(runId)
      assert.isTrue(yield* live.cancel(runId))
      const { finish, log } = yield* begin(runIdOf(2))
      yield* finish
      yield* log.changed(0)
      yield* settled
      assert.isFalse(yield* live.cancel(runIdOf(2)))
      assert.strictEqual(codeOf(log), "FINISHED")
    }),
  )

  test(
    "does not change a run that succeeded in the meantime",
    Effect.gen(function* () {
      const live = yield* LiveRuns
      const log = new RunLog(runId)
      const usage = { tokens: 1, latencyMs: 1 }
      const data = {
        sessionId,
        messageId: assistantMessageId,
        runId,
        usage,
        executionMode: "direct_llm",
      } as const
      const program = Effect.uninterruptible(
        Effect.andThen(
          Effect.sleep(50),
          Effect.sync(() => log.end({ event: "done", data })),
        ),
      )
      yield* live.claim(sessionId, live.start(sessionId, log, program))
      const cancelling = yield* Effect.forkChild(live.cancel(runId))
      yield* settled
      yield* TestClock.adjust(50)
      assert.isFalse(yield* Fiber.join(cancelling))
    }),
  )

  test(
    "ends a run for its readers too",
    Effect.gen(function* () {
      const live = yield* LiveRuns
      const { log } = yield* begin(runId)
      const { leave } = yield* attached(log)
      const reading = yield* Effect.forkChild(log.changed(0))
      assert.isTrue(yield* live.cancel(runId))
      yield* Fiber.join(reading)
      yield* leave
    }),
  )
})

it.effect("the end of the server ends every run's log", () =>
  Effect.gen(function* () {
    const { log } = yield* begin(runId).pipe(Effect.provide(LiveRuns.layer({ detachGrace: graceMs })))
    assert.strictEqual(codeOf(log), "CANCELLED")
  }),
)

describe("fault 6: a client that leaves", () => {
  test(
    "does not end the run by leaving: leaving and cancelling are different verbs",
    Effect.gen(function* () {
      const { log } = yield* begin(runId)
      const reader = yield* Effect.forkChild(
        Effect.scoped(
          Effect.andThen(
            Effect.flatMap(LiveRuns, (live) => live.attach(log)),
            Effect.never,
          ),
        ),
      )
      yield* settled
      yield* Fiber.interrupt(reader)
      assert.isFalse(log.ended)
      yield* TestClock.adjust(graceMs)
      assert.strictEqual(codeOf(log), "CANCELLED")
    }),
  )
})
