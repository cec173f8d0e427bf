import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Stages from "../../src/app/Stages.ts"
import { Chat } from "../../src/chat/Chat.ts"
import type { Sent } from "../../src/chat/TurnRequest.ts"
import * as Config from "../../src/config/Config.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import type { SessionId } from "../../src/domain/Ids.ts"
import * as E from "../../src/execution/ExecutionError.ts"
import { type ExecutionEvent, Executor, type Turn } from "../../src/execution/Executor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { draft } from "../../src/protocol/agent2ui/Message.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import { arrival, finished, principal, says, text } from "../support/fixtures.ts"
import { freePermit } from "./freePermit.ts"
import { temporaryStore } from "./temporaryStore.ts"

const interrupt = { interruptId: "i1", reason: "tool_call", message: "Delete /x?", toolName: "delete" }
const record = { wire: "test", data: { messageId: "a-1" } }
const down = new E.UpstreamFailed({ upstream: "runtime", code: "", message: "" })
const recorded: ExecutionEvent = { _tag: "Finished", usage: undefined, record }

const fates = {
  asks: Stream.make<Array<ExecutionEvent>>(says(draft({ type: "interrupt", data: interrupt })), recorded),
  answers: Stream.make<Array<ExecutionEvent>>(says(text("Deleted.")), finished),
  down: Stream.fail(down),
} satisfies Record<string, Stream.Stream<ExecutionEvent, E.ExecutionError>>

const script: { fate: keyof typeof fates; turns: Array<Turn>; direct: number } = {
  fate: "asks",
  turns: [],
  direct: 0,
}

const executors = [
  Layer.succeed(
    Executor,
    Executor.of({
      mode: "runtime_orchestrator",
      target: "runtime",
      execute: (turn) => {
        script.turns.push(turn)
        return fates[script.fate]
      },
    }),
  ),
  Layer.succeed(
    Executor,
    Executor.of({
      mode: "direct_llm",
      target: "model",
      execute: () => {
        script.direct += 1
        return fates.answers
      },
    }),
  ),
]

const service = Layer.unwrap(
  Effect.map(
    Config.read({ CHAT_EXECUTION_MODE: "runtime_orchestrator", CHAT_RUNTIME_SHADOW_PERCENT: "100" }),
    Stages.layer,
  ),
).pipe(Layer.provide(Modes.layer(executors)), Layer.provideMerge(temporaryStore))

const caller = { principal, requestId: "r", headers: {}, language: undefined, arrival, permit: freePermit }

/** Runs one turn to its end. Gives its run, its last event and the turn that the runtime got. */
const turn = Effect.fnUntraced(function* (fate: keyof typeof fates, sent: Sent, sessionId?: SessionId) {
  const chat = yield* Chat
  script.fate = fate
  script.turns = []
  script.direct = 0
  const { log, run } =
    sessionId === undefined
      ? yield* chat.start(caller, { agentId: defaultAgentId, message: sent.message ?? "" })
      : yield* chat.send(caller, sessionId, sent)
  yield* log.whenEnded
  yield* (yield* LiveRuns).freed(run.sessionId)
  return { run, sessionId: run.sessionId, end: log.read(log.lastSeq - 1)[0]?.event, sent: script.turns[0] }
})

const answers = [{ interruptId: "i1", payload: { approved: true } }]

layer(service)("a run that ends with an interrupt", (it) => {
  it.effect("is done with that finish reason, and its answer carries the record to the next turn", () =>
    Effect.gen(function* () {
      const { end, sessionId } = yield* turn("asks", { message: "delete it" })
      assert.propertyVal(end?.data, "finishReason", "interrupt")
      const next = yield* turn("answers", { answers }, sessionId)
      assert.strictEqual(next.sent?.message, '{"approved":true}')
      assert.deepStrictEqual(next.sent?.resume, { interrupts: [interrupt], answers })
      assert.deepStrictEqual(next.sent?.past.at(-1)?.upstream, record)
      assert.strictEqual(next.sent?.past.at(-1)?.content, "\n[interrupt: Delete /x?]\n")
      assert.propertyVal(next.end?.data, "finishReason", "stop")
    }),
  )

  it.effect("is resumed by a plain message, and no longer waits after its answer", () =>
    Effect.gen(function* () {
      const { sessionId } = yield* turn("asks", { message: "delete it" })
      const resumed = yield* turn("answers", { message: "yes" }, sessionId)
      assert.deepStrictEqual(resumed.sent?.resume, { interrupts: [interrupt], answers: undefined })
      assert.isUndefined((yield* turn("answers", { message: "thanks" }, sessionId)).sent?.resume)
      const refused = yield* Effect.flip(turn("answers", { answers }, sessionId))
      assert.propertyVal(refused, "_tag", "InterruptNotFound")
    }),
  )

  it.effect(
    "keeps its next turn on the runtime: no fallback, no shadow, and a retry sends the answer again",
    () =>
      Effect.gen(function* () {
        const { sessionId } = yield* turn("asks", { message: "delete it" })
        const failed = yield* turn("down", { answers }, sessionId)
        assert.strictEqual(failed.end?.event, "error")
        assert.strictEqual(script.direct, 0)
        assert.deepStrictEqual(failed.run.decision.order, ["runtime_orchestrator"])
        assert.strictEqual(failed.run.decision.reason, "interrupt")
        assert.notProperty(failed.run.decision, "shadow")
        const retried = yield* turn("answers", { retry: true }, sessionId)
        assert.deepStrictEqual(retried.sent?.resume, { interrupts: [interrupt], answers })
        assert.strictEqual(retried.end?.event, "done")
      }),
  )
})
