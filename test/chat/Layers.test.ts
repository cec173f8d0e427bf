import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { textDraft } from "../../src/protocol/agent2ui/Message.ts"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Chat } from "../../src/chat/Chat.ts"
import * as Config from "../../src/config/Config.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { OrgId, RunId, UserId } from "../../src/domain/Ids.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import { type ExecutionEvent, Executor } from "../../src/execution/Executor.ts"
import type { ExecutionError } from "../../src/execution/ExecutionError.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { Replica } from "../../src/platform/Replica.ts"
import { RunLost } from "../../src/store/Runs.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { LiveRuns, SessionBusy } from "../../src/runs/LiveRuns.ts"
import type { RunLog } from "../../src/runs/RunLog.ts"
import { arrival } from "../support/fixtures.ts"
import * as MemoryStore from "../support/memoryStore.ts"
import * as Stages from "../../src/app/Stages.ts"
import { freePermit } from "./freePermit.ts"

const caller = {
  principal: { orgId: OrgId.make("acme"), userId: UserId.make("ana"), permissions: ["*"] },
  requestId: "r",
  headers: {},
  language: undefined,
  permit: freePermit,
  arrival,
}
const input = { agentId: defaultAgentId, message: "hello" }

const executor = (mode: ExecutionMode, events: Stream.Stream<ExecutionEvent, ExecutionError>) =>
  Layer.succeed(
    Executor,
    Executor.of({ mode, target: mode === "direct_llm" ? "fake" : "runtime", execute: () => events }),
  )

const says = (text: string): Stream.Stream<ExecutionEvent> =>
  Stream.make<Array<ExecutionEvent>>(
    { _tag: "Message", draft: textDraft(text) },
    { _tag: "Finished", usage: { tokens: 3 } },
  )

/** The very stages of production, with other modes, another store and the test's clock. */
const service = (kept: MemoryStore.Memory, runtime: Stream.Stream<ExecutionEvent, ExecutionError>) =>
  Layer.unwrap(Effect.map(Config.read({ CHAT_EXECUTION_MODE: "runtime_orchestrator" }), Stages.layer)).pipe(
    Layer.provide(
      Modes.layer([executor("runtime_orchestrator", runtime), executor("direct_llm", says("direct"))]),
    ),
    Layer.provide(MemoryStore.layer(kept)),
    Layer.provide(Replica.layer),
    Layer.provide(NodeCrypto.layerSecureRandom),
  )

const ended = (log: RunLog) =>
  Effect.gen(function* () {
    for (let step = 0; step < 900 && !log.ended; step++) yield* TestClock.adjust("100 millis")
    return log.read(0).map(({ event }) => event)
  })

describe("the stages over swapped layers", () => {
  it.effect("a fake executor and a store in memory carry a whole turn", () => {
    const kept = MemoryStore.memory()
    return Effect.gen(function* () {
      const { log } = yield* (yield* Chat).start(caller, input)
      const events = yield* ended(log)
      assert.strictEqual(events.at(-1)?.event, "done")
      assert.deepStrictEqual(
        kept.messages.map(({ content, role }) => [role, content]),
        [
          ["user", "hello"],
          ["assistant", "runtime"],
        ],
      )
      assert.deepStrictEqual(
        kept.attempts.map(({ outcome, target }) => [target, outcome]),
        [["runtime", "success"]],
      )
    }).pipe(Effect.provide(service(kept, says("runtime"))))
  })

  it.effect(
    "the clock is the test's: a runtime that says nothing is left after 15 s that no test waits for",
    () => {
      const kept = MemoryStore.memory()
      return Effect.gen(function* () {
        const { log } = yield* (yield* Chat).start(caller, input)
        const events = yield* ended(log)
        assert.deepInclude(events.at(-1)?.data, { executionMode: "direct_llm" })
        const [first] = kept.attempts
        assert.strictEqual(first?.outcome, "timeout_first_content")
        assert.strictEqual(first!.endedAt - first!.startedAt, 15_000)
      }).pipe(Effect.provide(service(kept, Stream.never)))
    },
  )

  it.effect("a run that was taken for dead meanwhile ends as its other readers were told, at once", () => {
    const kept = MemoryStore.memory()
    return Effect.gen(function* () {
      const chat = yield* Chat
      kept.failEnd = new RunLost({ runId: RunId.make("01890000-0000-7000-8000-000000000001") })
      const { log } = yield* chat.start(caller, input)
      yield* Effect.repeat(Effect.yieldNow, { until: () => log.ended, times: 10_000 })
      const events = log.read(0)
      assert.deepInclude(events.at(-1)?.event.data, { code: "RUN_INTERRUPTED", recoverable: true })
      assert.strictEqual(kept.messages.length, 1)
    }).pipe(Effect.provide(service(kept, says("runtime"))))
  })

  it.effect(
    "done is never said before the assistant's message is durable: a store that fails makes it an error",
    () => {
      const kept = MemoryStore.memory()
      kept.failEnd = new StoreError({ operation: "Runs.end", cause: "disk full" })
      return Effect.gen(function* () {
        const { log } = yield* (yield* Chat).start(caller, input)
        const events = yield* ended(log)
        assert.deepStrictEqual(
          events.map(({ event }) => event),
          ["message", "error"],
        )
        assert.deepInclude(events.at(-1)?.data, { code: "INTERNAL_ERROR", recoverable: true })
        assert.strictEqual(kept.messages.length, 1)
      }).pipe(Effect.provide(service(kept, says("runtime"))))
    },
  )

  it.effect("a session has one turn at a time, and is free when the turn is over", () => {
    const kept = MemoryStore.memory()
    return Effect.gen(function* () {
      const chat = yield* Chat
      const { log, run } = yield* chat.start(caller, input)
      const busy = yield* Effect.flip(chat.send(caller, run.sessionId, { message: "again" }))
      assert.instanceOf(busy, SessionBusy)
      yield* ended(log)
      const live = yield* LiveRuns
      assert.isUndefined(live.get(run.id))
      const next = yield* chat.send(caller, run.sessionId, { message: "again" })
      assert.strictEqual((yield* ended(next.log)).at(-1)?.event, "done")
    }).pipe(Effect.provide(service(kept, Stream.never)))
  })

  it.effect("a user who says the same once more is noticed, and one who says something else is not", () => {
    const kept = MemoryStore.memory()
    return Effect.gen(function* () {
      const chat = yield* Chat
      const first = yield* chat.start(caller, input)
      yield* ended(first.log)
      const again = yield* chat.send(caller, first.run.sessionId, { message: ` ${input.message}\n` })
      yield* ended(again.log)
      const other = yield* chat.send(caller, first.run.sessionId, { message: "something else" })
      yield* ended(other.log)
      assert.deepStrictEqual(kept.repeats, [again.run.id])
    }).pipe(Effect.provide(service(kept, says("runtime"))))
  })
})
