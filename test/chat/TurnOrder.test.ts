/** The order of a turn's writes, and the end of a turn whose store fails or whose clock is set back. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Chat } from "../../src/chat/Chat.ts"
import * as Config from "../../src/config/Config.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { type ExecutionEvent, Executor } from "../../src/execution/Executor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { draft } from "../../src/protocol/agent2ui/Message.ts"
import { Shutdown } from "../../src/runs/Shutdown.ts"
import { Runs } from "../../src/store/Runs.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import * as Stages from "../../src/app/Stages.ts"
import { arrival, finished, principal, says, text } from "../support/fixtures.ts"
import { freePermit } from "./freePermit.ts"
import { temporaryStore } from "./temporaryStore.ts"

type Part = Stream.Stream<ExecutionEvent>

/** The service with this answer, over SQLite, whose store does `changed` instead. */
const service = (answer: Part, changed: (runs: Runs["Service"]) => Partial<Runs["Service"]>) =>
  Layer.unwrap(Effect.map(Config.read({ CHAT_EXECUTION_MODE: "runtime_orchestrator" }), Stages.layer)).pipe(
    Layer.provide(
      Modes.layer([
        Layer.succeed(
          Executor,
          Executor.of({ mode: "runtime_orchestrator", target: "runtime", execute: () => answer }),
        ),
      ]),
    ),
    Layer.provide(
      Layer.effect(
        Runs,
        Effect.map(Runs, (runs) => Runs.of({ ...runs, ...changed(runs) })),
      ),
    ),
    Layer.provideMerge(temporaryStore),
  )

const caller = {
  ...{ principal, requestId: "r", headers: {}, language: undefined },
  ...{ arrival, permit: freePermit },
}
const start = Effect.flatMap(Chat, (chat) => chat.start(caller, { agentId: defaultAgentId, message: "Hi" }))
const settle = Effect.repeat(Effect.yieldNow, { times: 1000 })

const file: ExecutionEvent = {
  _tag: "Message",
  draft: draft({ type: "file", data: { url: "/f", filename: "f.txt", mimeType: "text/plain" } }),
  file: { fileId: "f", path: "/f", filename: "f.txt", mimeType: "text/plain" },
}
const answered: Part = Stream.make(says(text("Yes.")), finished)

describe("a turn", () => {
  it.effect("stores a file before a reader can see its event", () =>
    Effect.gen(function* () {
      const recording = yield* Deferred.make<void>()
      const recorded = yield* Deferred.make<void>()
      const waits = () => ({
        recordFile: () => Effect.andThen(Deferred.succeed(recording, undefined), Deferred.await(recorded)),
      })
      yield* Effect.gen(function* () {
        const { log } = yield* start
        yield* Deferred.await(recording)
        yield* settle
        assert.strictEqual(log.lastSeq, 0)
        yield* Deferred.succeed(recorded, undefined)
        yield* log.whenEnded
        assert.deepInclude(log.read(0)[0]?.event.data, { type: "file" })
      }).pipe(Effect.provide(service(Stream.make(file, finished), waits)))
    }),
  )

  it.effect("tries once to store its end while the process is stopping", () =>
    Effect.gen(function* () {
      const tried = yield* Deferred.make<void>()
      let tries = 0
      const refuses = () => ({
        end: () => {
          const refused = new StoreError({ operation: "Runs.end", cause: "away" })
          const count = Effect.sync(() => {
            tries += 1
          })
          return count.pipe(Effect.andThen(Deferred.succeed(tried, undefined)), Effect.andThen(refused))
        },
      })
      const ending = yield* Deferred.make<void>()
      const late = Stream.concat(Stream.drain(Stream.fromEffect(Deferred.await(ending))), answered)
      yield* Effect.gen(function* () {
        const { log } = yield* start
        yield* (yield* Shutdown).enter("ending")
        yield* Deferred.succeed(ending, undefined)
        yield* Deferred.await(tried)
        yield* settle
        // Longer than the minute of retries, so that a run that retries ends as well.
        yield* TestClock.adjust("2 minutes")
        yield* log.whenEnded
        assert.strictEqual(tries, 1)
      }).pipe(Effect.provide(service(late, refuses)))
    }),
  )

  it.effect("never ends before it was created, when the clock is set back", () => {
    let endedAt: number | null = null
    const records = (runs: Runs["Service"]): Partial<Runs["Service"]> => ({
      begin: (...given) =>
        Effect.tap(
          runs.begin(...given),
          Effect.flatMap(Clock.currentTimeMillis, (now) => TestClock.setTime(now - 60_000)),
        ),
      end: (...given) => {
        endedAt = given[0].endedAt
        return runs.end(...given)
      },
    })
    const ended = Effect.gen(function* () {
      const { log, run } = yield* start
      yield* log.whenEnded
      assert.isAtLeast(endedAt ?? 0, run.createdAt)
    }).pipe(Effect.provide(service(answered, records)))
    // Before the service starts, so that none of its schedules has to catch up.
    return Effect.andThen(TestClock.setTime(1_800_000_000_000), ended)
  })
})
